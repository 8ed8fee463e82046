//! Roles. Nobody assumes them here; whether it can be one is looked at all the same.

use api::{ErrorKind, Failure};

use crate::failures::declared;

/// Whether an ARN can be that of a role: `arn:PARTITION:iam::ACCOUNT:role/NAME`.
///
/// # Errors
/// `InvalidArn`.
pub(super) fn check(arn: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = match parts[..] {
        ["arn", partition, "iam", "", account, resource] => {
            let name = resource.strip_prefix("role/").unwrap_or_default();
            let is_account = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
            partition.starts_with("aws") && is_account && !name.is_empty()
        }
        _ => false,
    };
    is_role.then_some(()).ok_or_else(|| declared(ErrorKind::InvalidArn, format!("Invalid Role Arn: '{arn}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_of_an_account() {
        for good in ["arn:aws:iam::123456789012:role/r", "arn:aws-cn:iam::000000000000:role/service-role/r"] {
            check(good).unwrap();
        }
        for bad in ["r", "arn:aws:iam::123456789012:user/r", "arn:aws:iam:::role/r", "arn:aws:iam::1:role/"] {
            let message = check(bad).unwrap_err().body()["message"].clone();
            assert_eq!(message, format!("Invalid Role Arn: '{bad}'"));
        }
    }
}
