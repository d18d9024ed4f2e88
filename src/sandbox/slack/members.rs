//! Who is in a channel.

use super::access::{Call, Caller, Outcome, refuse};
use super::model::Slack;
use serde_json::{Value, json};

impl Slack {
    pub fn list_members(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let page = self.page;
        let (_, channel) = self.seen(caller, call)?;
        let all: Vec<Value> = channel.members.iter().map(|member| json!(member)).collect();
        call.page("members", &all, page)
    }

    pub fn join(&mut self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["channels:join", "channels:write"])?;
        let (id, channel) = self.seen(caller, call)?;
        if channel.is_private {
            return refuse("method_not_supported_for_channel_type");
        }
        if channel.is_archived {
            return refuse("is_archived");
        }
        channel.members.insert(caller.user.clone());
        Ok(json!({"channel": channel.shown(&id, &caller.user)}))
    }

    /// With `force` the valid ones are invited whatever the others are.
    pub fn invite(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let wanted: Vec<String> = call
            .text("users")
            .split(',')
            .map(str::trim)
            .filter(|user| !user.is_empty())
            .map(str::to_owned)
            .collect();
        if wanted.is_empty() {
            return refuse("no_user");
        }
        if wanted.len() > 100 {
            return refuse("too_many_users");
        }
        let known = |user: &String| {
            let found = self.users.get(user);
            found.is_some_and(|found| found.team == caller.team && !found.deleted)
        };
        let strangers: Vec<String> = wanted.iter().filter(|user| !known(user)).cloned().collect();
        let (id, channel) = self.changeable(caller, call)?;
        let mut errors = Vec::new();
        let mut fine = Vec::new();
        for user in &wanted {
            let word = if *user == caller.user {
                "cant_invite_self"
            } else if strangers.contains(user) {
                "user_not_found"
            } else if channel.members.contains(user) {
                "already_in_channel"
            } else {
                fine.push(user.clone());
                continue;
            };
            errors.push(json!({"user": user, "ok": false, "error": word}));
        }
        if let Some(first) = errors.first()
            && (!call.is("force") || fine.is_empty())
        {
            return Err(Box::new(json!({
                "ok": false, "error": first["error"], "errors": errors,
            })));
        }
        channel.members.extend(fine);
        let mut body = json!({"channel": channel.shown(&id, &caller.user)});
        if !errors.is_empty() {
            body["errors"] = json!(errors);
        }
        Ok(body)
    }

    pub fn kick(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let user = call.text("user").to_owned();
        let (_, channel) = self.changeable(caller, call)?;
        if user == caller.user {
            return refuse("cant_kick_self");
        }
        if channel.is_general {
            return refuse("cant_kick_from_general");
        }
        if !channel.members.remove(&user) {
            return refuse("not_in_channel");
        }
        Ok(json!({"errors": {}}))
    }
}
