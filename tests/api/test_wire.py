"""What goes over the wire, beside what AWS's clients send."""

import http.client
import json
import unittest

from harness import ROLE, ApiTest, passes, sync_hosts

CORAL = "com.amazon.coral.service#"
LIST = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0"}


class Wire(ApiTest):
    def ask(self, method="POST", path="/", headers=LIST, body="{}"):
        """The status, the headers and the text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def assertRefused(self, answer, status, error, message=None):
        found, headers, text = answer
        self.assertEqual(found, status, text)
        self.assertEqual(headers["content-type"], "application/x-amz-json-1.0")
        self.assertRegex(headers["x-amzn-requestid"], "^[0-9a-f-]{36}$")
        body = json.loads(text)
        self.assertEqual(body["__type"], CORAL + error)
        if message:
            self.assertIn(message, body.get("message", body.get("Message", "")))

    def test_an_answer_has_an_id_and_the_type_of_aws(self):
        status, headers, text = self.ask()
        self.assertEqual((status, headers["content-type"]), (200, "application/x-amz-json-1.0"))
        self.assertRegex(headers["x-amzn-requestid"], "^[0-9a-f-]{36}$")
        self.assertIn("stateMachines", json.loads(text))

    def test_the_type_of_the_content_does_not_matter(self):
        for kind in ("application/x-amz-json-1.1", "application/json", "text/plain", "nonsense"):
            self.assertEqual(self.ask(headers={**LIST, "Content-Type": kind})[0], 200, kind)
        self.assertEqual(self.ask(headers={"X-Amz-Target": LIST["X-Amz-Target"]})[0], 200)

    def test_what_names_no_action_is_told_so(self):
        for target in ("AWSStepFunctions.Nothing", "AWSStepFunctions", "", "DynamoDB_20120810.ListTables"):
            self.assertRefused(self.ask(headers={**LIST, "X-Amz-Target": target}), 400, "UnknownOperationException")
        without = {"Content-Type": "application/json"}
        self.assertRefused(self.ask(headers=without), 400, "UnknownOperationException")
        self.assertRefused(self.ask(path="/machines"), 404, "UnknownOperationException")
        for method in ("GET", "PUT", "DELETE"):
            self.assertRefused(self.ask(method=method), 404, "UnknownOperationException")

    def test_what_cannot_be_read_is_told_so(self):
        for body in ("", "{", "7"):
            self.assertRefused(self.ask(body=body), 400, "SerializationException")
        wrong = '{"maxResults": "x"}'
        self.assertRefused(
            self.ask(body=wrong), 400, "SerializationException", "STRING_VALUE can not be converted to an Integer"
        )

    def test_what_is_too_large_is_not_read(self):
        body = json.dumps({"nextToken": "x" * (2 * 1024 * 1024)})
        self.assertRefused(self.ask(body=body), 413, "RequestEntityTooLargeException")

    def test_a_page_of_another_server_gets_nothing(self):
        cases = [({"Host": "evil.example"}, 421, "Host: found"), ({"Origin": "http://evil.example"}, 403, "Origin: found")]
        for headers, status, message in cases:
            error = "AccessDeniedException" if status == 403 else "MalformedHttpRequestException"
            self.assertRefused(self.ask(headers={**LIST, **headers}), status, error, message)
        # What a page may send without asking is no request of ours.
        self.assertEqual(self.ask(headers={"Content-Type": "text/plain"})[0], 415)

    def test_the_server_says_how_it_is(self):
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(self.ask("GET", path, {}, None)[0], 200, path)

    def test_clients_put_sync_before_the_host(self):
        machine = self.machine(type="EXPRESS")
        with sync_hosts():
            client = self.server.client(inject_host_prefix=True)
            self.assertEqual(client.start_sync_execution(stateMachineArn=machine)["status"], "SUCCEEDED")
            found = client.test_state(definition=json.dumps(passes()["States"]["P"]))
            self.assertEqual(found["status"], "SUCCEEDED")

    def test_a_machine_belongs_to_the_region_that_the_request_is_signed_for(self):
        machine = self.machine()
        name = machine.rsplit(":", 1)[1]
        other = self.server.client(region_name="us-gov-west-1")
        made = other.create_state_machine(
            name=name, definition=json.dumps(passes()), roleArn=ROLE.replace("arn:aws:", "arn:aws-us-gov:")
        )
        self.assertTrue(made["stateMachineArn"].startswith("arn:aws-us-gov:states:us-gov-west-1:"))
        listed = [found["stateMachineArn"] for found in other.list_state_machines(maxResults=1000)["stateMachines"]]
        self.assertIn(made["stateMachineArn"], listed)
        self.assertNotIn(machine, listed)


if __name__ == "__main__":
    unittest.main()
