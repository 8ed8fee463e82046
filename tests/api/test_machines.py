"""State machines, their versions and aliases, tags, activities, and the check of definitions."""

import json
import unittest

from harness import ACCOUNT, REGION, ROLE, ApiTest, fails, fresh, passes, waits

LOGGING = {
    "level": "ERROR",
    "includeExecutionData": True,
    "destinations": [
        {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"}}
    ],
}
KEY = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/k", "kmsDataKeyReusePeriodSeconds": 60}
OWNED = {"type": "AWS_OWNED_KEY"}


class Machines(ApiTest):
    def test_a_machine_is_what_it_was_made_of(self):
        name = fresh("m")
        made = self.client.create_state_machine(
            name=name,
            definition=json.dumps(passes()),
            roleArn=ROLE,
            type="EXPRESS",
            loggingConfiguration=LOGGING,
            tracingConfiguration={"enabled": True},
            encryptionConfiguration=KEY,
            tags=[{"key": "team", "value": "a"}],
            publish=True,
            versionDescription="first",
        )
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
        self.assertEqual((made["stateMachineArn"], made["stateMachineVersionArn"]), (arn, f"{arn}:1"))
        found = self.client.describe_state_machine(stateMachineArn=arn, includedData="ALL_DATA")
        self.assertEqual(
            {member: found[member] for member in ("name", "status", "roleArn", "type", "creationDate")},
            {
                "name": name,
                "status": "ACTIVE",
                "roleArn": ROLE,
                "type": "EXPRESS",
                "creationDate": made["creationDate"],
            },
        )
        self.assertEqual(json.loads(found["definition"]), passes())
        self.assertEqual(found["loggingConfiguration"], LOGGING)
        self.assertEqual(found["tracingConfiguration"], {"enabled": True})
        self.assertEqual(found["encryptionConfiguration"], KEY)
        tags = self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        self.assertEqual(tags, [{"key": "team", "value": "a"}])

    def test_a_machine_made_again_is_the_same_and_another_of_its_name_is_refused(self):
        name = fresh("m")
        arn = self.machine(name=name)
        self.assertEqual(self.machine(name=name), arn)
        with self.refused("StateMachineAlreadyExists"):
            self.machine(fails(), name=name)

    def test_an_update_changes_what_it_names(self):
        arn = self.machine()
        updated = self.client.update_state_machine(
            stateMachineArn=arn,
            definition=json.dumps(fails()),
            roleArn=f"{ROLE}2",
            loggingConfiguration=LOGGING,
            tracingConfiguration={"enabled": True},
            encryptionConfiguration=OWNED,
            publish=True,
            versionDescription="second thoughts",
        )
        self.assertEqual(updated["stateMachineVersionArn"], f"{arn}:1")
        found = self.client.describe_state_machine(stateMachineArn=arn)
        self.assertEqual(json.loads(found["definition"]), fails())
        self.assertEqual((found["roleArn"], found["revisionId"]), (f"{ROLE}2", updated["revisionId"]))
        version = self.client.describe_state_machine(stateMachineArn=f"{arn}:1")
        self.assertEqual((version["stateMachineArn"], version["description"]), (f"{arn}:1", "second thoughts"))

    def test_a_machine_that_is_deleted_is_gone(self):
        arn = self.machine()
        self.client.delete_state_machine(stateMachineArn=arn)
        self.until(self.names, lambda names: arn.rsplit(":", 1)[1] not in names)
        # Once more is no error.
        self.client.delete_state_machine(stateMachineArn=arn)

    def names(self):
        pages = self.client.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1000})
        return {machine["name"] for page in pages for machine in page["stateMachines"]}

    def test_machines_are_listed_in_pages(self):
        made = {self.machine(name=fresh("page")).rsplit(":", 1)[1] for _ in range(5)}
        first = self.client.list_state_machines(maxResults=2)
        self.assertEqual(len(first["stateMachines"]), 2)
        found, token = set(), first["nextToken"]
        found.update(machine["name"] for machine in first["stateMachines"])
        while token:
            page = self.client.list_state_machines(maxResults=2, nextToken=token)
            found.update(machine["name"] for machine in page["stateMachines"])
            token = page.get("nextToken")
        self.assertLessEqual(made, found)
        with self.refused("InvalidToken", "Invalid Token: 'Invalid token'"):
            self.client.list_state_machines(nextToken="x")

    def test_what_is_wrong_is_told_in_the_words_of_aws(self):
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:nowhere"
        with self.refused("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'"):
            self.client.describe_state_machine(stateMachineArn=arn)
        with self.refused("InvalidArn"):
            self.client.describe_state_machine(stateMachineArn="m")
        with self.refused("InvalidName"):
            self.machine(name="a b")
        with self.refused("InvalidDefinition"):
            self.machine({"StartAt": "A", "States": {}})
        too_many = "Member must have value less than or equal to 1000"
        with self.refused(
            "ValidationException",
            f"1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: {too_many}",
        ):
            self.client.list_state_machines(maxResults=1001)

    def test_a_definition_may_have_a_megabyte(self):
        text = json.dumps({"Comment": "x" * 1_000_000, **passes()})
        arn = self.client.create_state_machine(name=fresh("large"), definition=text, roleArn=ROLE)["stateMachineArn"]
        found = self.client.describe_state_machine(stateMachineArn=arn)["definition"]
        self.assertEqual(json.loads(found), json.loads(text))


class Versions(ApiTest):
    def test_versions_are_numbered_and_aliases_lead_to_them(self):
        arn = self.machine()
        first = self.client.publish_state_machine_version(stateMachineArn=arn, description="one")
        self.assertEqual(first["stateMachineVersionArn"], f"{arn}:1")
        revision = self.client.update_state_machine(stateMachineArn=arn, definition=json.dumps(waits()))["revisionId"]
        second = self.client.publish_state_machine_version(stateMachineArn=arn, revisionId=revision)
        self.assertEqual(second["stateMachineVersionArn"], f"{arn}:2")
        with self.refused("ConflictException"):
            self.client.publish_state_machine_version(stateMachineArn=arn, revisionId="another")
        page = self.client.list_state_machine_versions(stateMachineArn=arn, maxResults=1)
        rest = self.client.list_state_machine_versions(stateMachineArn=arn, nextToken=page["nextToken"])
        listed = page["stateMachineVersions"] + rest["stateMachineVersions"]
        self.assertEqual([version["stateMachineVersionArn"] for version in listed], [f"{arn}:2", f"{arn}:1"])

        route = [
            {"stateMachineVersionArn": f"{arn}:1", "weight": 90},
            {"stateMachineVersionArn": f"{arn}:2", "weight": 10},
        ]
        alias = self.client.create_state_machine_alias(name="prod", description="d", routingConfiguration=route)
        alias = alias["stateMachineAliasArn"]
        self.assertEqual(alias, f"{arn}:prod")
        found = self.client.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((found["name"], found["description"], found["routingConfiguration"]), ("prod", "d", route))
        with self.refused("ConflictException"):
            self.client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
        route = [{"stateMachineVersionArn": f"{arn}:2", "weight": 100}]
        self.client.update_state_machine_alias(
            stateMachineAliasArn=alias, description="all", routingConfiguration=route
        )
        self.client.create_state_machine_alias(name="test", routingConfiguration=route)
        page = self.client.list_state_machine_aliases(stateMachineArn=arn, maxResults=1)
        rest = self.client.list_state_machine_aliases(stateMachineArn=arn, nextToken=page["nextToken"])
        listed = page["stateMachineAliases"] + rest["stateMachineAliases"]
        self.assertEqual({found["stateMachineAliasArn"] for found in listed}, {alias, f"{arn}:test"})

        self.client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
        self.client.delete_state_machine_alias(stateMachineAliasArn=alias)
        with self.refused("ResourceNotFound"):
            self.client.describe_state_machine_alias(stateMachineAliasArn=alias)


class Tags(ApiTest):
    def test_tags_are_put_on_and_taken_off(self):
        arn = self.machine()
        self.client.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        self.client.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "3"}])
        self.client.untag_resource(resourceArn=arn, tagKeys=["b"])
        self.assertEqual(self.client.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "a", "value": "3"}])


class Activities(ApiTest):
    def test_an_activity_is_made_found_listed_and_deleted(self):
        name = fresh("a")
        made = self.client.create_activity(
            name=name, tags=[{"key": "a", "value": "1"}], encryptionConfiguration=OWNED
        )
        arn = made["activityArn"]
        self.assertEqual(arn, f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{name}")
        found = self.client.describe_activity(activityArn=arn)
        self.assertEqual((found["name"], found["creationDate"]), (name, made["creationDate"]))
        self.client.create_activity(name=fresh("a"))
        page = self.client.list_activities(maxResults=1)
        found, token = list(page["activities"]), page.get("nextToken")
        while token:
            page = self.client.list_activities(nextToken=token)
            found, token = found + page["activities"], page.get("nextToken")
        self.assertIn(arn, [activity["activityArn"] for activity in found])
        self.client.delete_activity(activityArn=arn)
        with self.refused("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'"):
            self.client.describe_activity(activityArn=arn)


class Definitions(ApiTest):
    def test_a_definition_is_checked(self):
        fine = self.client.validate_state_machine_definition(definition=json.dumps(passes()), type="STANDARD")
        self.assertEqual((fine["result"], fine["diagnostics"]), ("OK", []))
        wrong = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"}, "E": {"Type": "Pass", "Next": "D"}}}
        found = self.client.validate_state_machine_definition(
            definition=json.dumps(wrong), severity="ERROR", maxResults=1
        )
        self.assertEqual((found["result"], found["truncated"], len(found["diagnostics"])), ("FAIL", True, 1))
        diagnostic = found["diagnostics"][0]
        self.assertEqual(diagnostic["severity"], "ERROR")
        self.assertEqual(diagnostic["code"], "MISSING_TRANSITION_TARGET")


if __name__ == "__main__":
    unittest.main()
