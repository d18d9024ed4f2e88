//! Fiscal hosts: applying, deciding, freezing (sheet: opencollective 4.3, 4.6).

use super::access::{Caller, allowed};
use super::model::{Application, Service, fresh_id};
use super::reply::{self, Outcome};
use serde_json::{Value, json};

impl Service {
    pub fn host(&self, variables: &Value) -> Value {
        let host = variables["slug"]
            .as_str()
            .and_then(|slug| self.id_of(slug))
            .and_then(|id| Some((self.account(&id)?, id)))
            .filter(|(account, _)| account.kind == "ORGANIZATION");
        json!({"host": host.map(|(account, id)| json!({
            "id": id, "slug": account.slug, "name": account.name,
            "isOpenToApplications": account.is_open, "hostFeePercent": 5,
            "currency": "EUR", "termsUrl": null,
        }))})
    }

    /// For administrators only.
    pub fn applications(&self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        let id = variables["id"].as_str().unwrap_or_default();
        let Some(account) = self.account(id) else {
            return Ok(json!({"account": null}));
        };
        let user = caller.user.as_deref().unwrap_or_default();
        if !account.admins.contains(user) {
            let message = "You need to be logged in as an admin to see host application requests";
            return reply::refuse("account", "Forbidden", message);
        }
        let nodes: Vec<Value> = self
            .applications
            .iter()
            .rev()
            .filter(|application| application.collective == id)
            .take(5)
            .map(|application| {
                let host = self.account(&application.host).map(|host| &host.slug);
                json!({"id": application.id, "status": application.status, "host": {"slug": host}})
            })
            .collect();
        Ok(json!({"account": {"id": id, "hostApplicationRequests": {"nodes": nodes}}}))
    }

    /// Leaves the present host before it tries the new one.
    pub fn apply(&mut self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        const FIELD: &str = "applyToHost";
        let user = allowed(caller, FIELD, "account")?;
        let (Some(id), Some(host)) = (
            self.referred(&variables["c"]),
            self.referred(&variables["h"]),
        ) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        self.administrator(&user, &id, FIELD)?;
        self.second_factor(caller, FIELD)?;
        let is_open = self.account(&host).is_some_and(|host| host.is_open);
        let present = self.account(&id).and_then(|account| account.host.clone());
        if present.as_ref() != Some(&host)
            && let Some(account) = self.account_mut(&id)
        {
            account.host = None;
            account.approved = false;
            account.frozen = false;
        }
        if !is_open {
            let message = "This host does not accept applications";
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        if present.as_ref() != Some(&host) {
            self.file_application(&id, &host);
        }
        Ok(json!({FIELD: self.shown(caller, &id)}))
    }

    pub fn file_application(&mut self, id: &str, host: &str) {
        self.applications.push(Application {
            id: fresh_id("ha"),
            collective: id.into(),
            host: host.into(),
            status: "PENDING".into(),
        });
        if let Some(account) = self.account_mut(id) {
            account.host = Some(host.into());
            account.approved = false;
        }
    }

    /// The host decides.
    pub fn decide(&mut self, id: &str, status: &str) -> Result<(), String> {
        let application = self
            .applications
            .iter_mut()
            .rev()
            .find(|application| application.collective == id)
            .ok_or("there is no application")?;
        status.clone_into(&mut application.status);
        let host = application.host.clone();
        let account = self.accounts.get_mut(id).ok_or("no such account")?;
        account.approved = status == "APPROVED";
        account.host = account.approved.then_some(host);
        Ok(())
    }

    pub fn freeze(&mut self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        const FIELD: &str = "editAccountFreezeStatus";
        let user = allowed(caller, FIELD, "host")?;
        let Some(id) = self.referred(&variables["a"]) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        let Some(host) = self.account(&id).and_then(|account| account.host.clone()) else {
            let message = "Cannot find the host of this account";
            return reply::refuse(FIELD, "ValidationFailed", message);
        };
        if !self
            .account(&host)
            .is_some_and(|host| host.admins.contains(&user))
        {
            let message = "You need to be authenticated to perform this action";
            return reply::refuse(FIELD, "Unauthorized", message);
        }
        let freeze = variables["f"] == "FREEZE";
        let Some(account) = self.account_mut(&id) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        if account.frozen == freeze {
            let message = if freeze {
                "This account is already frozen"
            } else {
                "This account is already unfrozen"
            };
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        account.frozen = freeze;
        Ok(json!({FIELD: {"id": id, "isFrozen": freeze}}))
    }
}
