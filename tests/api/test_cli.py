"""The AWS CLI, as people type it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import CLEAN, REGION, ROLE, ApiTest, fresh, passes, waits

AWS = str(pathlib.Path(sys.executable).parent / "aws")


class Cli(ApiTest):
    def aws(self, *arguments, code=0, **environment):
        """What `aws stepfunctions ARGUMENTS` prints."""
        keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": REGION, "AWS_PAGER": ""}
        command = [AWS, "--endpoint-url", self.server.url, "--output", "json", "stepfunctions", *arguments]
        with tempfile.TemporaryDirectory() as home:
            environment = {**CLEAN, **keys, "AWS_DEFAULT_REGION": REGION, "HOME": home, **environment}
            ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended.stderr if code else json.loads(ended.stdout or "{}")

    def test_a_machine_is_made_run_and_read(self):
        name = fresh("cli")
        with tempfile.NamedTemporaryFile("w", suffix=".asl.json") as file:
            json.dump(passes(), file)
            file.flush()
            made = self.aws(
                "create-state-machine", "--name", name, "--definition", f"file://{file.name}", "--role-arn", ROLE
            )
        machine = made["stateMachineArn"]
        arn = self.aws("start-execution", "--state-machine-arn", machine, "--input", '{"a": 1}')["executionArn"]
        found = self.ended(arn)
        self.assertEqual(found["status"], "SUCCEEDED")
        found = self.aws("describe-execution", "--execution-arn", arn)
        self.assertEqual((found["status"], json.loads(found["output"])), ("SUCCEEDED", {"a": 1}))
        # The CLI puts pages together.
        events = self.aws("get-execution-history", "--execution-arn", arn, "--page-size", "1")["events"]
        self.assertEqual([event["id"] for event in events], [1, 2, 3, 4])

    def test_a_sync_execution_needs_no_host_of_its_own(self):
        machine = self.machine(type="EXPRESS")
        found = self.aws(
            "start-sync-execution", "--state-machine-arn", machine, AWS_DISABLE_HOST_PREFIX_INJECTION="true"
        )
        self.assertEqual(found["status"], "SUCCEEDED")

    def test_errors_are_shown(self):
        said = self.aws("describe-state-machine", "--state-machine-arn", "m", code=254 if self.is_v2() else 255)
        self.assertIn("An error occurred (InvalidArn) when calling the DescribeStateMachine operation", said)

    def is_v2(self):
        version = subprocess.run([AWS, "--version"], capture_output=True, text=True, env=CLEAN, timeout=60)
        return "aws-cli/2" in version.stdout

    def test_what_runs_is_stopped(self):
        arn = self.client.start_execution(stateMachineArn=self.machine(waits()))["executionArn"]
        self.aws("stop-execution", "--execution-arn", arn, "--error", "Enough")
        self.assertEqual(self.ended(arn)["status"], "ABORTED")


if __name__ == "__main__":
    unittest.main()
