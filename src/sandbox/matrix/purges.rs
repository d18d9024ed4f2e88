//! Purging rooms, which the server does in the background: one at a time of each room, and forgotten by a restart.

use super::Reply;
use super::model::{Homeserver, fresh_id};
use super::reply::{Outcome, fine, refuse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A purge that was ordered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {
    pub room: String,
    /// How often it still answers that it is at work.
    pub looks: u32,
}

impl Purge {
    fn status(&self) -> &'static str {
        if self.looks > 0 {
            "purging"
        } else {
            "complete"
        }
    }
}

impl Homeserver {
    /// Removes a room with its aliases; the links of spaces to it stay.
    pub fn purge(&mut self, id: &str) {
        self.rooms.remove(id);
        self.aliases.retain(|_, alias| alias.room != id);
    }

    pub fn begin_purge(&mut self, id: &str) -> Outcome<Reply> {
        let mut of_room = self.purges.values().filter(|purge| purge.room == id);
        if of_room.any(|purge| purge.looks > 0) {
            return refuse(
                400,
                "M_UNKNOWN",
                format!("Purge already in progress for {id}"),
            );
        }
        let looks = self.slow_purges;
        if looks == 0 {
            self.purge(id);
        }
        let job = fresh_id('d')[1..17].to_owned();
        let room = id.to_owned();
        self.purges.insert(job.clone(), Purge { room, looks });
        fine(json!({"delete_id": job}))
    }

    pub fn purge_of_job(&mut self, job: &str) -> Outcome<Reply> {
        match self.look_at_purge(job) {
            Some(state) => fine(state),
            None => refuse(404, "M_NOT_FOUND", "delete id not found"),
        }
    }

    pub fn purges_of_room(&mut self, id: &str) -> Outcome<Reply> {
        let jobs: Vec<String> = self
            .purges
            .iter()
            .filter(|(_, purge)| purge.room == id)
            .map(|(job, _)| job.clone())
            .collect();
        if jobs.is_empty() {
            return refuse(
                404,
                "M_NOT_FOUND",
                format!("No delete task for room_id '{id}' found"),
            );
        }
        let results: Vec<Value> = jobs
            .iter()
            .filter_map(|job| self.look_at_purge(job))
            .collect();
        fine(json!({"results": results}))
    }

    /// The state of a purge; with each look it comes nearer to its end.
    fn look_at_purge(&mut self, job: &str) -> Option<Value> {
        let purge = self.purges.get_mut(job)?;
        let status = purge.status();
        let is_last = purge.looks == 1;
        purge.looks = purge.looks.saturating_sub(1);
        let room = purge.room.clone();
        if is_last {
            self.purge(&room);
        }
        Some(json!({"delete_id": job, "status": status, "shutdown_room": {}}))
    }
}
