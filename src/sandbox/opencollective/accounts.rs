//! Accounts: finding, making, editing, deleting (sheet: opencollective 4.2 to 4.4, 4.8).

use super::access::{Caller, allowed};
use super::model::{Account, Service};
use super::reply::{self, Outcome};
use super::slugs;
use crate::sandbox::Incoming;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The creation counter (sheet: opencollective 3).
const MOST_CREATIONS: u32 = 60;
const HOUR_MS: i64 = 3_600_000;
/// Some of the 59 first-level keys that may be set.
const SETTABLE: [&str; 4] = [
    "features",
    "disableCustomContributions",
    "disablePublicExpenseSubmission",
    "lang",
];

impl Service {
    /// An account as one caller sees it.
    pub fn shown(&self, caller: &Caller, id: &str) -> Value {
        let Some(account) = self.account(id) else {
            return Value::Null;
        };
        let user = caller.user.as_deref().unwrap_or_default();
        let host = account.host.as_deref().and_then(|id| {
            let host = self.account(id)?;
            Some((id, host))
        });
        let may_add_funds =
            caller.has("host") && host.is_some_and(|(_, host)| host.admins.contains(user));
        let application = self.standing_application(id);
        json!({
            "id": id, "legacyId": account.legacy, "slug": account.slug, "type": account.kind,
            "name": account.name, "description": account.description, "tags": account.tags,
            "isAdmin": account.admins.contains(user),
            "isActive": account.approved && !account.archived,
            "isArchived": account.archived, "isFrozen": account.frozen,
            "settings": account.settings,
            "permissions": {"addFunds": {"allowed": may_add_funds}},
            "isApproved": account.approved,
            "host": host.map(|(id, host)| json!({"id": id, "slug": host.slug})),
            "hostApplication": application.map(|held| json!({"id": held.id, "status": held.status})),
        })
    }

    pub fn find(&self, caller: &Caller, variables: &Value) -> Value {
        let id = variables["slug"].as_str().and_then(|slug| self.id_of(slug));
        json!({"account": id.map_or(Value::Null, |id| self.shown(caller, &id))})
    }

    pub fn observe(&self, caller: &Caller, query: &str, variables: &Value) -> Outcome<Value> {
        let mut data = serde_json::Map::new();
        let mut errors = Vec::new();
        for (alias, id) in variables.as_object().into_iter().flatten() {
            if !query.contains(&format!("{alias}: account(id: ${alias}")) {
                let what = format!("Variable \"${alias}\" is never used.");
                return reply::invalid("GRAPHQL_VALIDATION_FAILED", &what);
            }
            let id = id.as_str().unwrap_or_default();
            if !id.starts_with("acc_") && id.split('-').count() != 4 {
                errors.push(reply::error(
                    alias,
                    "BadRequest",
                    "Invalid account id",
                    json!({}),
                ));
            }
            data.insert(alias.clone(), self.shown(caller, id));
        }
        if query.contains("me { memberOf(") {
            let me = self.reach(caller, &Value::Null)["me"].take();
            data.insert("me".to_owned(), me);
        }
        if errors.is_empty() {
            return Ok(Value::Object(data));
        }
        let body = json!({"errors": errors, "data": data});
        Err(Box::new(crate::sandbox::Reply::json(200, body)))
    }

    pub fn create(
        &mut self,
        caller: &Caller,
        variables: &Value,
        incoming: &Incoming,
    ) -> Outcome<Value> {
        const FIELD: &str = "createCollective";
        let user = allowed(caller, FIELD, "account")?;
        if self.users.get(&user).is_some_and(|user| user.restricted) {
            let message = "You're not authorized to create new collectives at the moment.";
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        self.count_creation(&user, incoming.now.as_millisecond())?;
        let input = &variables["c"];
        let text = |name: &str| input[name].as_str().map(str::to_owned);
        let (Some(name), Some(slug), Some(description)) =
            (text("name"), text("slug"), text("description"))
        else {
            return reply::invalid("BAD_USER_INPUT", "Variable \"$c\" got an invalid value");
        };
        let slug = slugs::rewritten(&slug);
        check_texts(FIELD, &slug, &description, &input["tags"])?;
        if self.id_of(&slug).is_some() {
            let message = format!("The slug '{slug}' is already taken. Please use another slug.");
            let more = json!({"extraInfo": {"slugExists": true}});
            return reply::refuse_with(FIELD, "ValidationFailed", &message, more);
        }
        let mut settings = json!({"features": {"conversations": true}});
        if let (Some(settings), Some(given)) =
            (settings.as_object_mut(), input["settings"].as_object())
        {
            settings.extend(given.clone());
        }
        let id = self.add_account(Account {
            slug,
            name,
            description: cleaned(&description),
            tags: tags(&input["tags"]),
            kind: "COLLECTIVE".into(),
            admins: BTreeSet::from([user]),
            settings,
            ..Account::default()
        });
        self.stumble(&id, variables)?;
        Ok(json!({FIELD: self.shown(caller, &id)}))
    }

    /// The row is committed; a closed host, or an ordered failure, answers an error all the same.
    fn stumble(&mut self, id: &str, variables: &Value) -> Outcome<()> {
        const FIELD: &str = "createCollective";
        if self.stumbling_creations > 0 {
            self.stumbling_creations -= 1;
            let message = "Cannot read properties of undefined";
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        let host = &variables["h"];
        if host.is_null() {
            return Ok(());
        }
        let open = self
            .referred(host)
            .and_then(|host| self.account(&host).map(|account| account.is_open));
        if open == Some(true) {
            if let Some(host) = self.referred(host) {
                self.file_application(id, &host);
            }
            return Ok(());
        }
        let message = "This host does not accept applications";
        reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message)
    }

    /// Each counted call moves the end of the counter to one hour later; a refused one does not.
    fn count_creation(&mut self, user: &str, now: i64) -> Outcome<()> {
        let counter = self.creations.entry(user.to_owned()).or_default();
        if counter.ends_ms <= now {
            counter.count = 0;
        }
        if counter.count >= MOST_CREATIONS {
            return reply::refuse(
                "createCollective",
                "RateLimitExceeded",
                "Rate limit exceeded",
            );
        }
        counter.count += 1;
        counter.ends_ms = now + HOUR_MS;
        Ok(())
    }

    pub fn edit(&mut self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        const FIELD: &str = "editAccount";
        let input = &variables["a"];
        if input.get("settings").is_some() {
            let what = "Field \"guildhall\" is not defined by type \"AccountUpdateSettingsInput\".";
            return reply::invalid("BAD_USER_INPUT", what);
        }
        let user = allowed(caller, FIELD, "account")?;
        let id = input["id"].as_str().unwrap_or_default().to_owned();
        if self.account(&id).is_none() {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        }
        self.administrator(&user, &id, FIELD)?;
        let text = |name: &str| input[name].as_str().map(str::to_owned);
        let description = text("description").unwrap_or_default();
        if let Some(slug) = text("slug").map(|slug| slugs::rewritten(&slug)) {
            check_texts(FIELD, &slug, &description, &input["tags"])?;
            if self.id_of(&slug).is_some_and(|holder| holder != id) {
                return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", "Validation error");
            }
        } else {
            check_texts(FIELD, "fine", &description, &input["tags"])?;
        }
        if let Some(account) = self.account_mut(&id) {
            if let Some(name) = text("name") {
                account.name = name;
            }
            if let Some(slug) = text("slug") {
                account.slug = slugs::rewritten(&slug);
            }
            if let Some(description) = text("description") {
                account.description = cleaned(&description);
            }
            if input["tags"].is_array() {
                account.tags = tags(&input["tags"]);
            }
        }
        Ok(json!({FIELD: self.shown(caller, &id)}))
    }

    pub fn set(
        &mut self,
        caller: &Caller,
        variables: &Value,
        incoming: &Incoming,
    ) -> Outcome<Value> {
        const FIELD: &str = "editAccountSetting";
        let key = variables["k"].as_str().unwrap_or_default();
        let (first, rest) = key.split_once('.').unwrap_or((key, ""));
        if !SETTABLE.contains(&first) {
            let what = format!("Not a valid setting key: {first}");
            return reply::invalid("BAD_USER_INPUT", &what);
        }
        if variables["v"].is_null() {
            let what = "Variable \"$v\" of non-null type \"JSON!\" must not be null.";
            return reply::invalid("BAD_USER_INPUT", what);
        }
        let user = allowed(caller, FIELD, "account")?;
        let Some(id) = self.referred(&variables["a"]) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        self.administrator(&user, &id, FIELD)?;
        let value = variables["v"].clone();
        if let Some(account) = self.account_mut(&id) {
            if rest.is_empty() {
                account.settings[first] = value;
            } else {
                account.settings[first][rest] = value;
            }
        }
        let settings = self.account(&id).map(|account| account.settings.clone());
        self.announce(&id, "COLLECTIVE_EDITED", incoming);
        Ok(json!({FIELD: {"id": id, "settings": settings}}))
    }

    pub fn delete(
        &mut self,
        caller: &Caller,
        variables: &Value,
        incoming: &Incoming,
    ) -> Outcome<Value> {
        const FIELD: &str = "deleteAccount";
        let user = allowed(caller, FIELD, "account")?;
        let Some(id) = self.referred(&variables["a"]) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        if self.administrator(&user, &id, FIELD).is_err() {
            let message = "You need to be logged in as an Admin of the account.";
            return reply::refuse(FIELD, "Unauthorized", message);
        }
        self.second_factor(caller, FIELD)?;
        let Some(account) = self.account_mut(&id) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        if account.has_history {
            let message = "You can't delete an Account with admin, hosted accounts, children, expenses, orders or transactions. Please archive it instead.";
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        account.deleted = true;
        account.slug = format!("{}-{}", account.slug, incoming.now.as_millisecond());
        let slug = account.slug.clone();
        Ok(json!({FIELD: {"id": id, "slug": slug}}))
    }
}

fn check_texts(field: &str, slug: &str, description: &str, tags: &Value) -> Outcome<()> {
    let refuse = |message: &str| reply::refuse(field, "INTERNAL_SERVER_ERROR", message);
    if slugs::is_kept_back(slug) {
        return refuse(&format!("The slug '{slug}' is not allowed."));
    }
    if slugs::is_ill_formed(slug) {
        return refuse(
            "Validation error: Slug may only contain alphanumeric characters or hyphens",
        );
    }
    if description.chars().count() > 255 {
        return refuse("Validation error: Validation len on description failed");
    }
    if tags.as_array().is_some_and(|tags| tags.len() > 30) {
        return refuse("Sorry, you can't add more than 30 tags. Please remove some.");
    }
    Ok(())
}

/// Lower-cased and without doubles.
fn tags(value: &Value) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in value.as_array().into_iter().flatten() {
        let tag = tag.as_str().unwrap_or_default().trim().to_lowercase();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Without scripts.
fn cleaned(text: &str) -> String {
    match (text.find("<script"), text.find("</script>")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &text[..start], &text[end + "</script>".len()..])
        }
        _ => text.to_owned(),
    }
}
