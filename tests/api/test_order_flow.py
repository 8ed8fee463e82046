"""The API as the orchestrator serves it: the machine of the order flow is there to be read, and all else as elsewhere."""

import json
import time
import unittest

from harness import ACCOUNT, REGION, ROLE, Orchestrator, waits

ORDER = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:order"


class OrderFlow(unittest.TestCase):
    def test_the_machine_order_can_be_read_and_not_changed(self):
        server = Orchestrator()
        client = server.client()
        # It is put there beside all else that begins.
        until = time.monotonic() + 30
        while not (machines := client.list_state_machines()["stateMachines"]) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual([machine["stateMachineArn"] for machine in machines], [ORDER])
        machine = client.describe_state_machine(stateMachineArn=ORDER)
        self.assertIn("RecordOrder", json.loads(machine["definition"])["States"])
        self.assertEqual(client.list_executions(stateMachineArn=ORDER, statusFilter="RUNNING")["executions"], [])
        with self.assertRaises(client.exceptions.ExecutionDoesNotExist):
            client.describe_execution(executionArn=ORDER.replace("stateMachine", "execution") + ":o-1")
        refused = [
            lambda: client.start_execution(stateMachineArn=ORDER),
            lambda: client.stop_execution(executionArn=ORDER.replace("stateMachine", "execution") + ":o-1"),
            lambda: client.update_state_machine(stateMachineArn=ORDER, roleArn=ROLE),
            lambda: client.delete_state_machine(stateMachineArn=ORDER),
        ]
        for ask in refused:
            with self.assertRaises(client.exceptions.ClientError) as caught:
                ask()
            self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")
        with self.assertRaises(client.exceptions.StateMachineAlreadyExists):
            client.create_state_machine(name="order", definition=json.dumps(waits(1)), roleArn=ROLE)
        client.tag_resource(resourceArn=ORDER, tags=[{"key": "team", "value": "orders"}])
        tags = client.list_tags_for_resource(resourceArn=ORDER)["tags"]
        self.assertEqual(tags, [{"key": "team", "value": "orders"}])

    def test_other_machines_outlive_a_kill_in_a_store_of_their_own(self):
        server = Orchestrator()
        client = server.client()
        machine = client.create_state_machine(name="m", definition=json.dumps(waits(1)), roleArn=ROLE)
        arn = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        server.kill()
        server.start()
        client = server.client()
        found = {"status": "RUNNING"}
        while found["status"] == "RUNNING":
            found = client.describe_execution(executionArn=arn)
        self.assertEqual(found["status"], "SUCCEEDED")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
