"""Executions: started, described, listed, stopped, redriven; their histories; Map runs."""

import json
import unittest

from harness import ApiTest, fails, fresh, passes, task_of, waits


def distributed(worker):
    """A Map whose items are executions of their own, each with a task for that activity."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **task_of(worker)}
    state = {
        "Type": "Map",
        "Label": "each",
        "ItemsPath": "$.items",
        "MaxConcurrency": 1,
        "ToleratedFailurePercentage": 100,
        "ItemProcessor": processor,
        "End": True,
    }
    return {"StartAt": "M", "States": {"M": state}}


class Executions(ApiTest):
    def started(self, machine, **more):
        return self.client.start_execution(stateMachineArn=machine, **more)["executionArn"]

    def test_an_execution_begins_and_ends(self):
        machine, name = self.machine(), fresh("e")
        trace = "Root=1-67891233-abcdef012345678912345678"
        given = '{"a": 1.10, "b":"ü"}'
        arn = self.started(machine, name=name, input=given, traceHeader=trace)
        self.assertEqual(arn, f"{machine.replace('stateMachine', 'execution')}:{name}")
        self.ended(arn)
        found = self.client.describe_execution(executionArn=arn, includedData="ALL_DATA")
        self.assertEqual(
            {member: found[member] for member in ("stateMachineArn", "name", "status", "input", "traceHeader")},
            {
                "stateMachineArn": machine,
                "name": name,
                "status": "SUCCEEDED",
                "input": given,
                "traceHeader": trace,
            },
        )
        self.assertEqual(json.loads(found["output"]), {"a": 1.1, "b": "ü"})
        self.assertEqual((found["inputDetails"], found["outputDetails"]), ({"included": True}, {"included": True}))
        self.assertLessEqual(found["startDate"], found["stopDate"])
        self.assertEqual((found["redriveCount"], found["redriveStatus"]), (0, "NOT_REDRIVABLE"))
        definition = self.client.describe_state_machine_for_execution(executionArn=arn, includedData="ALL_DATA")
        self.assertEqual(json.loads(definition["definition"]), passes())

    def test_a_start_is_the_same_as_long_as_it_runs_and_its_input_is(self):
        machine, name = self.machine(waits()), fresh("e")
        arn = self.started(machine, name=name, input="{}")
        self.assertEqual(self.started(machine, name=name, input="{}"), arn)
        with self.refused("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'"):
            self.started(machine, name=name, input='{"a": 1}')
        self.client.stop_execution(executionArn=arn)

    def test_what_is_stopped_ends_with_its_reason(self):
        arn = self.started(self.machine(waits()))
        self.client.stop_execution(executionArn=arn, error="Enough", cause="of this")
        found = self.ended(arn)
        self.assertEqual((found["status"], found["error"], found["cause"]), ("ABORTED", "Enough", "of this"))

    def test_a_history_is_read_in_pages_from_either_end(self):
        arn = self.started(self.machine(), input='{"a": 1}')
        self.ended(arn)
        whole = self.client.get_execution_history(executionArn=arn, includeExecutionData=True)["events"]
        kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        self.assertEqual([event["type"] for event in whole], kinds)
        self.assertEqual([(event["id"], event["previousEventId"]) for event in whole], [(1, 0), (2, 0), (3, 2), (4, 3)])
        self.assertEqual(json.loads(whole[1]["stateEnteredEventDetails"]["input"]), {"a": 1})
        page = self.client.get_execution_history(executionArn=arn, maxResults=3, reverseOrder=True)
        rest = self.client.get_execution_history(
            executionArn=arn, maxResults=3, reverseOrder=True, nextToken=page["nextToken"]
        )
        self.assertEqual([event["id"] for event in page["events"] + rest["events"]], [4, 3, 2, 1])
        bare = self.client.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]
        self.assertNotIn("input", bare[1]["stateEnteredEventDetails"])

    def test_executions_are_listed_newest_first_by_how_they_stand(self):
        machine = self.machine(waits())
        arns = [self.started(machine) for _ in range(3)]
        self.client.stop_execution(executionArn=arns[0])
        running = self.client.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)
        rest = self.client.list_executions(
            stateMachineArn=machine, statusFilter="RUNNING", nextToken=running["nextToken"]
        )
        listed = running["executions"] + rest["executions"]
        self.assertEqual([found["executionArn"] for found in listed], [arns[2], arns[1]])
        # Only those of a Map run can be told apart by that.
        with self.refused("ValidationException"):
            self.client.list_executions(stateMachineArn=machine, redriveFilter="NOT_REDRIVEN")
        for arn in arns[1:]:
            self.client.stop_execution(executionArn=arn)

    def test_what_failed_is_redriven(self):
        arn = self.started(self.machine(fails()))
        found = self.ended(arn)
        self.assertEqual((found["status"], found["error"], found["cause"]), ("FAILED", "Oops", "because"))
        self.assertEqual(found["redriveStatus"], "REDRIVABLE")
        token = fresh("t")
        first = self.client.redrive_execution(executionArn=arn, clientToken=token)
        self.assertEqual(self.client.redrive_execution(executionArn=arn, clientToken=token)["redriveDate"], first["redriveDate"])
        found = self.ended(arn)
        self.assertEqual(found["redriveCount"], 1)
        kinds = [event["type"] for event in self.client.get_execution_history(executionArn=arn)["events"]]
        self.assertIn("ExecutionRedriven", kinds)

    def test_what_cannot_be_started_is_told_why(self):
        machine = self.machine()
        with self.refused("InvalidExecutionInput"):
            self.started(machine, input="{")
        with self.refused("InvalidName"):
            self.started(machine, name="a b")
        missing = f"{machine}-not"
        with self.refused("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{missing}'"):
            self.started(missing)
        arn = machine.replace("stateMachine", "execution") + ":none"
        with self.refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'"):
            self.client.describe_execution(executionArn=arn)


class Express(ApiTest):
    def test_an_express_execution_is_waited_for(self):
        machine = self.machine(type="EXPRESS")
        found = self.client.start_sync_execution(
            stateMachineArn=machine,
            name="once",
            input='{"a": 1}',
            traceHeader="Root=1-67891233-abcdef012345678912345678",
            includedData="ALL_DATA",
        )
        self.assertEqual((found["status"], found["name"]), ("SUCCEEDED", "once"))
        self.assertEqual(json.loads(found["output"]), {"a": 1})
        self.assertIn(":express:", found["executionArn"])
        self.assertGreater(found["billingDetails"]["billedMemoryUsedInMB"], 0)

    def test_one_that_takes_a_while_is_waited_for_too(self):
        found = self.client.start_sync_execution(stateMachineArn=self.machine(waits(1), type="EXPRESS"))
        self.assertEqual(found["status"], "SUCCEEDED")
        self.assertGreaterEqual((found["stopDate"] - found["startDate"]).total_seconds(), 1)

    def test_it_fails_with_its_error(self):
        found = self.client.start_sync_execution(stateMachineArn=self.machine(fails(), type="EXPRESS"))
        self.assertEqual((found["status"], found["error"], found["cause"]), ("FAILED", "Oops", "because"))

    def test_a_standard_machine_is_not_waited_for(self):
        with self.refused("StateMachineTypeNotSupported"):
            self.client.start_sync_execution(stateMachineArn=self.machine())


class MapRuns(ApiTest):
    def test_a_map_run_is_described_changed_and_its_executions_listed(self):
        worker = self.client.create_activity(name=fresh("w"))["activityArn"]
        machine = self.machine(distributed(worker))
        given = json.dumps({"items": [{"n": 1}, {"n": 2}, {"n": 3}]})
        arn = self.client.start_execution(stateMachineArn=machine, input=given)["executionArn"]
        runs = self.until(
            lambda: self.client.list_map_runs(executionArn=arn, maxResults=1)["mapRuns"], lambda runs: runs
        )
        run = runs[0]["mapRunArn"]
        found = self.client.describe_map_run(mapRunArn=run)
        self.assertEqual((found["status"], found["executionArn"], found["maxConcurrency"]), ("RUNNING", arn, 1))
        self.client.update_map_run(
            mapRunArn=run, maxConcurrency=2, toleratedFailureCount=1, toleratedFailurePercentage=50.5
        )
        found = self.client.describe_map_run(mapRunArn=run)
        self.assertEqual(
            (found["maxConcurrency"], found["toleratedFailureCount"], found["toleratedFailurePercentage"]), (2, 1, 50.5)
        )
        children = self.until(
            lambda: self.client.list_executions(mapRunArn=run)["executions"], lambda children: len(children) >= 2
        )
        self.assertEqual({child["mapRunArn"] for child in children}, {run})
        never = self.client.list_executions(mapRunArn=run, redriveFilter="NOT_REDRIVEN")["executions"]
        self.assertLessEqual({child["executionArn"] for child in children}, {child["executionArn"] for child in never})
        for _ in range(3):
            task = self.client.get_activity_task(activityArn=worker, workerName="w")
            self.client.send_task_success(taskToken=task["taskToken"], output=task["input"])
        self.assertEqual(json.loads(self.ended(arn)["output"]), json.loads(given)["items"])
        found = self.client.describe_map_run(mapRunArn=run)
        self.assertEqual((found["status"], found["itemCounts"]["succeeded"]), ("SUCCEEDED", 3))

    def test_several_are_listed_in_pages(self):
        processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **passes()}
        mapped = {"Type": "Map", "ItemProcessor": processor}
        # A name stands once in the whole of a machine.
        other = json.loads(json.dumps(mapped).replace('"P"', '"Q"'))
        states = {"A": {**mapped, "Next": "B"}, "B": {**other, "End": True}}
        machine = self.machine({"StartAt": "A", "States": states})
        arn = self.client.start_execution(stateMachineArn=machine, input="[1, 2]")["executionArn"]
        self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")
        # The first page has those that are at work besides, and one is until the commit after its last.
        page = self.until(
            lambda: self.client.list_map_runs(executionArn=arn, maxResults=1), lambda page: "nextToken" in page
        )
        rest = self.client.list_map_runs(executionArn=arn, nextToken=page["nextToken"])
        self.assertEqual(len({run["mapRunArn"] for run in page["mapRuns"] + rest["mapRuns"]}), 2)


if __name__ == "__main__":
    unittest.main()
