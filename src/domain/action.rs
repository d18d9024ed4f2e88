//! The one table of actions. Keys, footer, help, palette, command line and manual page are drawn from it.

/// Names an action in keymaps and in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each is described in the table below, which is what people read"
)]
pub enum ActionId {
    Help,
    Palette,
    Quit,
    Back,
    Suspend,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    PaneLeft,
    PaneRight,
    Open,
    Filter,
    NewCommunity,
    ArchiveCommunity,
    Toggle,
    EnterKey,
    Reach,
    RotateKey,
    AssumeLeaked,
    Rotations,
    RevealKey,
    AddAccount,
    AnotherAccount,
    MoveAccount,
    AccountContact,
    ShareKeys,
    Operators,
    Configure,
    Adopt,
    AnswerDrift,
    Check,
    Connect,
    Connections,
    Logs,
    RemoveSoft,
    RemoveHard,
    Mark,
    Tasks,
    Communities,
    Accounts,
    Requests,
    Ask,
    AskSettings,
    Operations,
    Platforms,
    Audit,
    Messages,
    Resume,
    Cancel,
    Unlock,
    Lock,
    CopyAddress,
    Mouse,
}

/// Where an action is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere on the screen.
    Anywhere,
    /// In every list.
    List,
    /// On a community.
    Community,
    /// On an instance.
    Instance,
    /// On an operation.
    Operation,
    /// Among the accounts.
    Account,
}

/// How much an action can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Changes nothing.
    None,
    /// Changes something that can be changed back; offered unless the screen is read-only.
    Reversible,
    /// Asks first.
    Confirm,
    /// Asks for a typed name.
    Typed,
}

/// One thing a person can do.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// Its name in code.
    pub id: ActionId,
    /// Its name in keymaps and in the palette.
    pub name: &'static str,
    /// One or two words for the footer.
    pub short: &'static str,
    /// What it does, in one line.
    pub description: &'static str,
    /// Where it is offered.
    pub scope: Scope,
    /// How much it can break.
    pub danger: Danger,
    /// The command that does the same, where there is one.
    pub command: Option<&'static str>,
}

macro_rules! table {
    ($($id:ident $name:literal $short:literal $scope:ident $danger:ident $command:expr, $description:literal;)*) => {
        /// Every action.
        pub const ACTIONS: &[Action] = &[$(Action {
            id: ActionId::$id,
            name: $name,
            short: $short,
            description: $description,
            scope: Scope::$scope,
            danger: Danger::$danger,
            command: $command,
        },)*];
    };
}

table! {
    Toggle "toggle" "activate" Instance Reversible Some("instance activate|deactivate S P"), "Activate the instance, or deactivate it; deactivating keeps everything";
    EnterKey "enter-key" "key" Instance Reversible Some("key set S P"), "Enter a key: it is verified first, then stored";
    Ask "ask" "ask" Instance Reversible Some("request activate S P"), "Ask the operator for what you may not do";
    Open "open" "open" List None None, "Open the row: details, or the step that is waiting for you";
    NewCommunity "new-community" "new" Community Confirm Some("community create NAME"), "Create a community with its instances";
    Tasks "tasks" "tasks" Anywhere None Some("task list"), "Show every step that waits for a person";
    Filter "filter" "filter" List None None, "Filter the list; ! inverts";
    Palette "palette" "command" Anywhere None None, "Find any action by name";
    Help "help" "help" Anywhere None None, "Show all keys; the chosen row runs";
    Configure "configure" "settings" Instance Confirm Some("instance configure S P KEY=VALUE"), "Change the settings of the instance";
    AnswerDrift "drift" "drift" Instance Confirm Some("instance drift S P"), "Decide about what differs: take it over, put it back, ignore it until a day";
    Adopt "adopt" "adopt" Instance Confirm Some("instance adopt S P REF"), "Look at what exists on the platform already, then manage it";
    Check "check" "check" Instance Reversible Some("instance check S P"), "Look at the instance now: health and drift";
    Connect "connect" "connect" Instance Confirm Some("connect S FROM TO"), "Join the instance to another one of this community";
    Connections "connections" "joined" Instance Reversible Some("connection list S"), "Show what the instance is joined to; test a connection or undo it";
    AskSettings "ask-settings" "ask settings" Instance Reversible Some("request configure S P KEY=VALUE"), "Ask the operator for other settings of the instance";
    Logs "logs" "log" Instance None Some("service logs S P"), "Show what the instance writes on this host: follow, wrap, search";
    Reach "reach" "reach" Anywhere None Some("key reach S P"), "Show what the key reaches, should it be stolen";
    RotateKey "rotate-key" "replace" Anywhere Confirm Some("key rotate S P"), "Replace the key: everything moves to a new one, then the old one is ended";
    AssumeLeaked "assume-leaked" "leaked" Anywhere Confirm Some("key assume-leaked S P"), "Assume that the key is in other hands: replace it everywhere and see that it is dead";
    Rotations "rotations" "replaced" Anywhere None Some("key report"), "Show the keys that are being replaced: what has moved, what waits, what is dead";
    RevealKey "reveal-key" "read" Anywhere Confirm Some("key reveal S P --why WHY"), "Read a stored key on this screen for a while; why is asked first and stands in the audit";
    AddAccount "add-account" "add" Account Confirm Some("account add P NAME"), "Add an account of the installation: what it is called, whom one asks about it, then its key";
    AnotherAccount "another-account" "another" Account Confirm Some("account another P NAME"), "Make another account of this platform: by itself where the platform lets it, else it becomes a step for a person";
    MoveAccount "move-account" "move" Account Confirm Some("account move S P NAME"), "Move a community that works with the account to another account";
    AccountContact "account-contact" "contact" Account Reversible Some("account contact P NAME WHO"), "Say whom one asks about the account";
    ShareKeys "share-keys" "sharing" Anywhere Typed Some("account policy P own|shared"), "Say whether one key of the platform may serve several communities, and how many";
    Operators "operators" "operators" Anywhere Confirm Some("vault list|add|remove"), "Show who may open the vault; add somebody, or remove somebody and see what they could have read";
    Mark "mark" "mark" Instance None None, "Mark the row; the next action takes all marked rows";
    RemoveSoft "remove" "remove" Instance Typed Some("instance remove S P"), "Forget the instance here and hide it there";
    RemoveHard "destroy" "destroy" Instance Typed Some("instance remove S P --hard"), "Destroy what exists on the platform; this cannot be undone";
    ArchiveCommunity "archive-community" "archive" Community Typed Some("community archive S"), "Keep the community and let it do nothing";
    Communities "communities" "communities" Anywhere None Some("community list"), "Go to the communities";
    Operations "operations" "operations" Anywhere None Some("operation list"), "Go to the operations";
    Accounts "accounts" "accounts" Anywhere None Some("account list"), "Go to the accounts and their slots";
    Requests "requests" "requests" Anywhere None Some("request list"), "Go to what administrators asked the operator for, and answer it";
    Platforms "platforms" "platforms" Anywhere None Some("catalog"), "Go to the platforms of the catalog";
    Audit "audit" "audit" Anywhere None Some("audit list"), "Go to the audit: who did what";
    Messages "messages" "messages" Anywhere None None, "Show every message of this session";
    Resume "resume" "retry" Operation Reversible Some("operation resume ID"), "Begin the operation again where it stopped; checks a person's step";
    Cancel "cancel" "cancel" Operation Confirm Some("operation cancel ID"), "Stop the operation; what it has done stays done";
    Unlock "unlock" "unlock" Anywhere Reversible Some("unlock"), "Unlock the vault for this session";
    Lock "lock" "lock" Anywhere Reversible Some("lock"), "Lock the vault";
    CopyAddress "copy-address" "address" Instance None None, "Send the address to your terminal's clipboard";
    Up "up" "up" List None None, "Move up";
    Down "down" "down" List None None, "Move down";
    PageUp "page-up" "page up" List None None, "Move up by most of the list's height";
    PageDown "page-down" "page down" List None None, "Move down by most of the list's height";
    Top "top" "top" List None None, "Go to the first row";
    Bottom "bottom" "bottom" List None None, "Go to the last row";
    PaneLeft "pane-left" "left" List None None, "Go to the pane on the left, or close the details";
    PaneRight "pane-right" "right" List None None, "Go to the pane on the right";
    Back "back" "back" Anywhere None None, "Close what is on top; clear the filter and the marks";
    Mouse "mouse" "mouse" Anywhere None None, "Switch the mouse on or off (Shift selects text)";
    Redraw "redraw" "redraw" Anywhere None None, "Draw the whole screen again";
    Suspend "suspend" "suspend" Anywhere None None, "Go back to the shell; fg returns";
    Quit "quit" "quit" Anywhere None None, "Leave; operations in flight are finished or parked first";
}
