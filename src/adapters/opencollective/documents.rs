//! The GraphQL documents, each with its name and with what it may change (sheet: opencollective 4).
//!
//! Every operation is named: an unnamed one was seen to commit and then to answer HTTP 500. Values travel as variables
//! only. Fields that the schema promises and cannot deliver (`Webhook.id` after deletion) are not selected.

use std::fmt::Write as _;

/// What sending a document may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Something, and sending it again changes nothing more.
    Repeatable,
    /// Something, each time anew.
    Once,
}

/// A document with one named operation.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// The operation's name.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
    /// What it may change.
    pub effect: Effect,
}

const fn document(name: &'static str, effect: Effect, text: &'static str) -> Document {
    Document { name, text, effect }
}

/// What is read of an account, as one fragment. Its last line is only there for collectives.
macro_rules! account_fields {
    () => {
        "fragment GuildhallAccount on Account { id legacyId slug type name description tags isAdmin isActive isArchived \
         isFrozen settings permissions { addFunds { allowed } } \
         ... on Collective { isApproved host { id slug } hostApplication { id status } } }"
    };
}

/// Who the token is and what it reaches. Null and not null of the payment fields tell scopes; nothing of them is read.
pub const VERIFY: Document = document(
    "GuildhallVerify",
    Effect::Reads,
    "query GuildhallVerify { me { id legacyId slug name isLimited hasTwoFactorAuth hasPassword email \
     personalTokens(limit: 1) { totalCount } payoutMethods { id } paymentMethods { id } connectedAccounts { id } \
     virtualCards(limit: 1) { totalCount } \
     memberOf(role: [ADMIN], limit: 1000) { totalCount nodes { account { id slug name type isArchived settings } } } } }",
);

/// Sent apart: without the scope it nulls the whole `me`.
pub const VERIFY_HOOKS: Document = document(
    "GuildhallVerifyHooks",
    Effect::Reads,
    "query GuildhallVerifyHooks { me { webhooks(limit: 1) { totalCount } } }",
);

/// Whether the token is a user at all.
pub const WHO: Document = document(
    "GuildhallWho",
    Effect::Reads,
    "query GuildhallWho { me { id slug hasTwoFactorAuth } }",
);

/// What the user administers, for the search by marker and for adoption.
pub const REACH: Document = document(
    "GuildhallReach",
    Effect::Reads,
    "query GuildhallReach($offset: Int!) { me { memberOf(role: [ADMIN], limit: 500, offset: $offset) { totalCount \
     nodes { account { id legacyId slug name type isArchived settings } } } } }",
);

/// An account by its short name; null when nobody has it.
pub const FIND: Document = document(
    "GuildhallFind",
    Effect::Reads,
    concat!(
        "query GuildhallFind($slug: String!) { account(slug: $slug, throwIfMissing: false) { ...GuildhallAccount } } ",
        account_fields!()
    ),
);

/// Makes a collective. Never with a host: the row is committed first and a closed host answers an error afterwards.
pub const CREATE: Document = document(
    "GuildhallCreate",
    Effect::Once,
    concat!(
        "mutation GuildhallCreate($c: CollectiveCreateInput!) { createCollective(collective: $c) { ...GuildhallAccount } } ",
        account_fields!()
    ),
);

/// A fiscal host, before applying to it.
pub const HOST: Document = document(
    "GuildhallHost",
    Effect::Reads,
    "query GuildhallHost($slug: String!) { host(slug: $slug, throwIfMissing: false) { id slug name isOpenToApplications \
     hostFeePercent currency termsUrl } }",
);

/// Past applications, newest first: the only place where a rejection is told.
pub const APPLICATIONS: Document = document(
    "GuildhallApplications",
    Effect::Reads,
    "query GuildhallApplications($id: String!) { account(id: $id, throwIfMissing: false) { id \
     hostApplicationRequests(limit: 5) { nodes { id status host { slug } } } } }",
);

/// Applies to a host. Leaves the present host before it tries the new one: sent only where there is none.
pub const APPLY: Document = document(
    "GuildhallApply",
    Effect::Once,
    concat!(
        "mutation GuildhallApply($c: AccountReferenceInput!, $h: AccountReferenceInput!, $m: String) { \
         applyToHost(collective: $c, host: $h, message: $m) { ...GuildhallAccount } } ",
        account_fields!()
    ),
);

/// Edits texts.
pub const EDIT: Document = document(
    "GuildhallEdit",
    Effect::Repeatable,
    concat!(
        "mutation GuildhallEdit($a: AccountUpdateInput!) { editAccount(account: $a) { ...GuildhallAccount } } ",
        account_fields!()
    ),
);

/// Sets one whitelisted setting.
pub const SET: Document = document(
    "GuildhallSet",
    Effect::Repeatable,
    "mutation GuildhallSet($a: AccountReferenceInput!, $k: AccountSettingsKey!, $v: JSON!) { \
     editAccountSetting(account: $a, key: $k, value: $v) { id settings } }",
);

/// The webhooks of a collective, other people's too.
pub const HOOKS: Document = document(
    "GuildhallHooks",
    Effect::Reads,
    "query GuildhallHooks($id: String!, $offset: Int!) { account(id: $id, throwIfMissing: false) { id \
     ... on Collective { webhooks(limit: 100, offset: $offset) { totalCount nodes { id activityType webhookUrl } } } } }",
);

/// Makes a webhook: one per user, collective and activity type.
pub const HOOK: Document = document(
    "GuildhallHook",
    Effect::Once,
    "mutation GuildhallHook($w: WebhookCreateInput!) { createWebhook(webhook: $w) { id activityType webhookUrl } }",
);

/// Deletes a webhook. Selecting its id would answer an error after the deletion.
pub const UNHOOK: Document = document(
    "GuildhallUnhook",
    Effect::Repeatable,
    "mutation GuildhallUnhook($w: WebhookReferenceInput!) { deleteWebhook(webhook: $w) { activityType } }",
);

/// Freezes or unfreezes; only for administrators of the host.
pub const FREEZE: Document = document(
    "GuildhallFreeze",
    Effect::Repeatable,
    "mutation GuildhallFreeze($a: AccountReferenceInput!, $f: AccountFreezeAction!, $m: String) { \
     editAccountFreezeStatus(account: $a, action: $f, messageForAccountAdmins: $m) { id isFrozen } }",
);

/// Deletes an account that never handled money.
pub const DELETE: Document = document(
    "GuildhallDelete",
    Effect::Repeatable,
    "mutation GuildhallDelete($a: AccountReferenceInput!) { deleteAccount(account: $a) { id slug } }",
);

/// Who administers a collective, and who the token is among them.
pub const ADMINISTRATORS: Document = document(
    "GuildhallAdministrators",
    Effect::Reads,
    "query GuildhallAdministrators($id: String!, $offset: Int!) { me { id } account(id: $id, throwIfMissing: false) { id \
     members(role: [ADMIN], limit: 100, offset: $offset) { totalCount nodes { account { id slug } } } } }",
);

/// Invites an account to administer another one. Sent only for whoever does not yet.
pub const INVITE: Document = document(
    "GuildhallInvite",
    Effect::Once,
    "mutation GuildhallInvite($m: AccountReferenceInput!, $a: AccountReferenceInput!) { \
     inviteMember(memberAccount: $m, account: $a, role: ADMIN) { id } }",
);

/// The name of the operation that looks at accounts by id.
pub const OBSERVE_NAME: &str = "GuildhallObserve";

/// The most accounts of one look: 100 aliases are the server's limit, and the cost of a document counts too.
pub const MOST_OBSERVED: usize = 50;

/// The document that looks at `count` accounts in one request, which costs one unit of the rate limit however many they
/// are: `a0` to `a49`, the ids in variables of the same names, and beside them how many the user administers. More than
/// [`MOST_OBSERVED`] are not looked at.
#[must_use]
pub fn observe(count: usize) -> String {
    let count = count.min(MOST_OBSERVED);
    let mut variables = String::new();
    let mut looks = String::new();
    for place in 0..count {
        let _ = write!(variables, "$a{place}: String! ");
        let _ = write!(
            looks,
            "a{place}: account(id: $a{place}, throwIfMissing: false) {{ ...GuildhallAccount }} "
        );
    }
    format!(
        "query {OBSERVE_NAME}({}) {{ {looks}me {{ memberOf(role: [ADMIN], limit: 1) {{ totalCount }} }} }} {}",
        variables.trim_end(),
        account_fields!()
    )
}

/// Every constant document, for the check against the schema.
pub const ALL: &[Document] = &[
    VERIFY,
    VERIFY_HOOKS,
    WHO,
    REACH,
    FIND,
    CREATE,
    HOST,
    APPLICATIONS,
    APPLY,
    EDIT,
    SET,
    HOOKS,
    HOOK,
    UNHOOK,
    FREEZE,
    DELETE,
    ADMINISTRATORS,
    INVITE,
];
