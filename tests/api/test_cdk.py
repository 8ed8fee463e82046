"""A state machine as AWS CDK writes it, put in as CloudFormation would, and run."""

import json
import pathlib
import shutil
import subprocess
import unittest

from harness import ACCOUNT, REGION, ROLE, ApiTest

CDK = pathlib.Path(__file__).parent / "cdk"
TEMPLATE = json.loads((CDK / "template.json").read_text())


def resources(kind):
    """The resources of that kind: logical name and properties."""
    found = TEMPLATE["Resources"].items()
    return [(name, it["Properties"]) for name, it in found if it["Type"] == f"AWS::StepFunctions::{kind}"]


def resolved(value, made):
    """The value without CloudFormation's functions; `made` are the ARNs of resources."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return separator.join(resolved(part, made) for part in parts)
        case {"Ref": name}:
            return {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, **made}[name]
        case _:
            return value


class Cdk(ApiTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = {}
        for name, properties in resources("Activity"):
            made[name] = cls.client.create_activity(name=properties["Name"])["activityArn"]
        [cls.activity] = made.values()
        [(_, machine)] = resources("StateMachine")
        cls.definition = resolved(machine["DefinitionString"], made)
        cls.arn = cls.client.create_state_machine(
            name=machine["StateMachineName"],
            definition=cls.definition,
            roleArn=ROLE,
            tracingConfiguration={"enabled": machine["TracingConfiguration"]["Enabled"]},
        )["stateMachineArn"]

    def begun(self, **order):
        items = [{"name": "a", "price": 1}, {"name": "b", "price": 20}, {"name": "c", "price": -1}]
        order = json.dumps({"items": items, **order})
        return self.client.start_execution(stateMachineArn=self.arn, input=order)["executionArn"]

    def task(self):
        return self.client.get_activity_task(activityArn=self.activity)["taskToken"]

    def test_it_is_valid(self):
        found = self.client.validate_state_machine_definition(definition=self.definition, severity="WARNING")
        self.assertEqual((found["result"], found["diagnostics"]), ("OK", []))

    def test_the_other_choice(self):
        for order in ({}, {"express": False}, {"express": True, "to": "nowhere"}):
            found = self.ended(self.begun(**order))
            self.assertEqual(found["status"], "SUCCEEDED")
            prices = [item["price"] for item in json.loads(found["output"])["items"]]
            self.assertEqual(prices, [2, 21, 0], order)

    def test_branches_items_and_a_second_try(self):
        arn = self.begun(express=True, to="home")
        self.client.send_task_failure(taskToken=self.task(), error="Busy")
        self.client.send_task_success(taskToken=self.task(), output='"done"')
        found = self.ended(arn)
        self.assertEqual(found["status"], "SUCCEEDED")
        output = json.loads(found["output"])
        self.assertEqual((output["packed"], output["both"]), ("done", ["left", {"right": [1, 2.5]}]))

    def test_what_is_caught(self):
        arn = self.begun(express=True, to="home")
        self.client.send_task_failure(taskToken=self.task(), error="Broken")
        found = self.ended(arn)
        self.assertEqual((found["status"], found["error"], found["cause"]), ("FAILED", "NotPacked", "nobody packs"))
        events = self.client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=3)["events"]
        left = [event["stateExitedEventDetails"] for event in events if "stateExitedEventDetails" in event]
        self.assertEqual([(it["name"], json.loads(it["output"])) for it in left], [("Gave up", {"error": "Broken"})])

    @unittest.skipUnless((CDK / "node_modules").is_dir() and shutil.which("node"), "NOT RUN: npm --prefix tests/api/cdk ci")
    def test_it_is_what_cdk_makes(self):
        made = subprocess.run(["node", "app.mjs"], cwd=CDK, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(json.loads(made), TEMPLATE)


if __name__ == "__main__":
    unittest.main()
