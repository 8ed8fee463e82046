"""Workers: they take the tasks of an activity, and say what became of them."""

import json
import threading
import unittest

from harness import ApiTest, fresh, task_of


class Workers(ApiTest):
    def activity(self):
        return self.client.create_activity(name=fresh("a"))["activityArn"]

    def begun(self, activity, **more):
        """An execution with a task for that activity, and the task as a worker has it."""
        machine = self.machine(task_of(activity, **more))
        arn = self.client.start_execution(stateMachineArn=machine, input='{"n": 1}')["executionArn"]
        task = self.client.get_activity_task(activityArn=activity, workerName="w")
        self.assertEqual(json.loads(task["input"]), {"n": 1})
        return arn, task["taskToken"]

    def test_a_worker_succeeds(self):
        arn, token = self.begun(self.activity())
        self.client.send_task_success(taskToken=token, output='{"done": true}')
        found = self.ended(arn)
        self.assertEqual((found["status"], json.loads(found["output"])), ("SUCCEEDED", {"done": True}))
        kinds = [event["type"] for event in self.client.get_execution_history(executionArn=arn)["events"]]
        self.assertEqual(kinds[2:5], ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"])

    def test_a_worker_fails(self):
        arn, token = self.begun(self.activity())
        self.client.send_task_failure(taskToken=token, error="Bad", cause="luck")
        found = self.ended(arn)
        self.assertEqual((found["status"], found["error"], found["cause"]), ("FAILED", "Bad", "luck"))

    def test_a_worker_that_is_not_heard_of_is_given_up(self):
        arn, token = self.begun(self.activity(), HeartbeatSeconds=2)
        self.client.send_task_heartbeat(taskToken=token)
        found = self.ended(arn)
        self.assertEqual((found["status"], found["error"]), ("FAILED", "States.HeartbeatTimeout"))
        with self.refused("TaskTimedOut"):
            self.client.send_task_success(taskToken=token, output="{}")

    def test_a_worker_waits_for_its_task(self):
        activity, found = self.activity(), []
        waiting = threading.Thread(
            target=lambda: found.append(self.server.client().get_activity_task(activityArn=activity))
        )
        waiting.start()
        self.client.start_execution(stateMachineArn=self.machine(task_of(activity)))
        waiting.join(timeout=20)
        self.assertTrue(found and found[0]["taskToken"], found)

    def test_a_token_is_a_token(self):
        with self.refused("InvalidToken"):
            self.client.send_task_success(taskToken="x", output="{}")
        _, token = self.begun(self.activity())
        with self.refused("InvalidOutput"):
            self.client.send_task_success(taskToken=token, output="{")


if __name__ == "__main__":
    unittest.main()
