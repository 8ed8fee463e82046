//! `CreateActivity`
//!
//! It is the same request again if there is one of that name with the same encryption; tags do not matter.

use api::types::{CreateActivityInput, CreateActivityOutput};
use api::{ErrorKind, Failure, Timestamp};
use registry::activities::{self, Activity};
use registry::machines::Change;
use serde_json::Value;
use store::Millis;

use super::configuration::{owned_key, read_encryption};
use super::create::check_name;
use super::tags::{self, Tags};
use crate::act::Act;
use crate::arn::{Arn, Resource};
use crate::failures::{declared, store_failed};
use crate::service::Service;

impl Act for CreateActivityInput {
    async fn act(self, service: &Service) -> Result<CreateActivityOutput, Failure> {
        check_name(&self.name)?;
        let scope = service.home().clone();
        let resource = Resource::Activity { name: self.name.clone() };
        let arn = Arn { scope: scope.clone(), resource }.to_string();
        let encryption = self.encryption_configuration.map(read_encryption).transpose()?;
        let encryption = serde_json::to_value(encryption.unwrap_or_else(owned_key)).unwrap_or_default();
        let tags = tags::with(Tags::new(), &tags::read(self.tags.unwrap_or_default())?, &arn)?;
        let count = activities::count(service.reader(), &scope.region).await;
        let (count, now) = (count.map_err(|error| store_failed(&error))?, service.now());
        let is_full = count >= service.limits().activities;
        let decide = |activity| create(activity, &arn, &encryption, &tags, is_full, now);
        let created_ms = service.change_activity(&scope, &self.name, decide).await?;
        Ok(CreateActivityOutput { activity_arn: arn, creation_date: Timestamp(created_ms) })
    }
}

fn create(
    activity: Option<Activity>,
    arn: &str,
    encryption: &Value,
    tags: &Tags,
    is_full: bool,
    now: Millis,
) -> Result<Change<Activity, Millis>, Failure> {
    match activity {
        Some(activity) if activity.encryption == *encryption => Ok(Change::None(activity.created_ms)),
        Some(_) => {
            let message =
                format!("Activity Already Exists: '{arn}'. EncryptionConfiguration may not be updated.");
            Err(declared(ErrorKind::ActivityAlreadyExists, message))
        }
        None if is_full => {
            let message = "The maximum number of activities has been reached. Existing activities must be deleted before a new \
                           activity can be created.";
            Err(declared(ErrorKind::ActivityLimitExceeded, message))
        }
        None => {
            let (encryption, tags) = (encryption.clone(), tags.clone());
            let made = Activity { created_ms: now, deleted: false, encryption, tags };
            Ok(Change::Put(Box::new(made), now))
        }
    }
}
