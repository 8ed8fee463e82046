"""The server's own life: what it keeps, and how it ends."""

import json
import unittest

from harness import ROLE, Server, fresh, waits


class Life(unittest.TestCase):
    def test_what_was_answered_is_there_after_a_kill(self):
        server = Server()
        client = server.client()
        machine = client.create_state_machine(name=fresh("m"), definition=json.dumps(waits(1)), roleArn=ROLE)
        machine = machine["stateMachineArn"]
        arns = [client.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(20)]
        server.kill()
        server.start()
        client = server.client()
        self.assertEqual(json.loads(client.describe_state_machine(stateMachineArn=machine)["definition"]), waits(1))
        for arn in arns:
            found = {"status": "RUNNING"}
            while found["status"] == "RUNNING":
                found = client.describe_execution(executionArn=arn)
            self.assertEqual(found["status"], "SUCCEEDED")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
