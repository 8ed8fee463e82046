//! All services, by the names that ARNs of Step Functions have for them.

use std::sync::{LazyLock, OnceLock};

use crate::model::Service;
use crate::table::{self, Index};

static INDEX: LazyLock<Index> = LazyLock::new(table::index);
static UNPACKED: LazyLock<Vec<OnceLock<Service>>> =
    LazyLock::new(|| INDEX.services.iter().map(|_| OnceLock::new()).collect());

/// The version of botocore whose models the table is made of.
pub static VERSION: LazyLock<&str> = LazyLock::new(|| INDEX.version);

/// No service, or no action of a service, has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {name:?}{}", .nearest.as_deref().map(|name| format!(": {name:?}?")).unwrap_or_default())]
pub struct Unknown {
    /// What was looked for: a service, or an action of a named one.
    pub what: String,
    /// How it was spelt.
    pub name: String,
    /// The known name that is spelt most like it, if any is.
    pub nearest: Option<String>,
}

impl Unknown {
    pub(crate) fn new<'n>(what: String, name: &str, known: impl Iterator<Item = &'n str>) -> Self {
        /// As alike as two names must be for one to be a mistake for the other.
        const ALIKE: f64 = 0.8;
        let small = name.to_lowercase();
        let likeness = |known: &str| strsim::jaro_winkler(&small, &known.to_lowercase());
        let nearest = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let nearest = nearest.filter(|nearest| likeness(nearest) >= ALIKE).map(str::to_owned);
        Self { what, name: name.to_owned(), nearest }
    }
}

/// The index of the table.
pub(crate) fn index() -> &'static Index {
    &INDEX
}

/// The names of all services, as they stand in ARNs: `arn:aws:states:::aws-sdk:NAME:ACTION`.
pub fn services() -> impl Iterator<Item = &'static str> {
    INDEX.services.iter().map(|entry| entry.name)
}

/// The service of that name (`dynamodb`, `sfn`, `cloudwatchlogs`), which is unpacked when it is first asked for.
///
/// # Errors
/// There is none.
pub fn service(name: &str) -> Result<&'static Service, Unknown> {
    match INDEX.services.binary_search_by(|entry| entry.name.cmp(name)) {
        Ok(place) => Ok(UNPACKED[place].get_or_init(|| table::service(&INDEX.services[place]))),
        Err(_) => Err(Unknown::new("service".to_owned(), name, services())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    #[test]
    fn all_of_the_table_can_be_read() {
        let all: Vec<&str> = services().collect();
        assert!(all.len() > 400);
        assert!(all.is_sorted());
        let mut actions = 0;
        for name in all {
            let service = service(name).unwrap();
            assert_eq!(service.prefix.to_lowercase(), name);
            actions += service.operations.len();
        }
        assert!(actions > 10_000, "{actions}");
    }

    /// Names and prefixes of "Learning to use AWS service SDK integrations in Step Functions" in its Developer Guide.
    #[test]
    fn services_are_called_as_step_functions_documents_it() {
        for prefix in [
            "ApiGatewayV2",
            "AmplifyUiBuilder",
            "ApplicationDiscovery",
            "B2Bi",
            "Billingconductor",
            "CloudHsmV2",
            "CodestarNotifications",
            "CognitoIdentityProvider",
            "Config",
            "CostExplorer",
            "CostAndUsageReport",
            "DatabaseMigration",
            "Directory",
            "DynamoDb",
            "Ec2",
            "Efs",
            "ElasticLoadBalancingV2",
            "EventBridge",
            "FSx",
            "IoTFleetWise",
            "Iot",
            "Ivschat",
            "KinesisVideoWebRtcStorage",
            "LexModelBuilding",
            "LexModelsV2",
            "LexRuntime",
            "MTurk",
            "MarketplaceEntitlement",
            "PcaConnectorScep",
            "Resiliencehub",
            "Route53Domains",
            "S3",
            "SageMakerA2IRuntime",
            "SagemakerEdge",
            "Savingsplans",
            "SecurityIr",
            "Ses",
            "Sfn",
            "SsmSap",
            "TimestreamInfluxDb",
            "Wafv2",
            "XRay",
        ] {
            assert_eq!(service(&prefix.to_lowercase()).unwrap().prefix, prefix);
        }
    }

    #[test]
    fn a_name_that_is_not_known_is_answered_with_the_nearest() {
        let unknown = service("dynamo-db").unwrap_err();
        assert_eq!(unknown.to_string(), "there is no service \"dynamo-db\": \"dynamodb\"?");
        assert_eq!(service("qqqqqqqqqq").unwrap_err().nearest, None);
        let names = service("rds").unwrap().operations.iter().map(|operation| names::action(operation.name));
        assert!(names.into_iter().any(|name| name == "describeDBInstances"));
    }
}
