//! `ListActivities`

use api::types::{ActivityListItem, ListActivitiesInput, ListActivitiesOutput};
use api::{Failure, Timestamp};
use registry::activities::Activity;

use super::listed;
use crate::act::Act;
use crate::arn::{Arn, Resource};
use crate::page;
use crate::service::Service;

impl Act for ListActivitiesInput {
    async fn act(self, service: &Service) -> Result<ListActivitiesOutput, Failure> {
        let (list, now) = (format!("activities of {}", service.home().region), service.now());
        let before = page::cursor(&list, self.next_token.as_deref(), now)?;
        let size = page::size(self.max_results.map(i64::from));
        let (activities, next) = listed::page::<Activity>(service, before, size).await?;
        let told = |(name, activity): (String, Activity)| {
            let resource = Resource::Activity { name: name.clone() };
            ActivityListItem {
                activity_arn: Arn { scope: service.home().clone(), resource }.to_string(),
                name,
                creation_date: Timestamp(activity.created_ms),
            }
        };
        Ok(ListActivitiesOutput {
            activities: activities.into_iter().map(told).collect(),
            next_token: next.map(|cursor| page::token(&list, cursor, now)),
        })
    }
}
