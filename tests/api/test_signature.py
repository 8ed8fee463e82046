"""A server that answers only those who sign with a key that it knows."""

import datetime
import hashlib
import json
import pathlib
import subprocess
import tempfile
import unittest
import urllib.request
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from harness import CLEAN, DUET, REGION, Server
from botocore.exceptions import ClientError

KEYS = """\
[default]
aws_access_key_id = AKIDFIRST
aws_secret_access_key = first/secret+key

[second]
aws_access_key_id = AKIDSECOND
aws_secret_access_key = second
"""
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details."
)


class QueryAuth(botocore.auth.SigV4QueryAuth):
    """A signature in the query, for the body `{}`: botocore itself moves a body into the query."""

    def payload(self, request):
        return hashlib.sha256(b"{}").hexdigest()


class Signed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="duet-api.")
        keys = pathlib.Path(folder) / "keys"
        keys.write_text(KEYS)
        cls.server = Server("--aws-credentials", str(keys), folder=folder)

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()

    def refusal(self, client):
        with self.assertRaises(ClientError) as caught:
            client.list_state_machines()
        answer = caught.exception.response
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 400)
        return answer["Error"]["Code"], answer["Error"]["Message"]

    def test_each_known_key_is_let_in(self):
        for key, secret in (("AKIDFIRST", "first/secret+key"), ("AKIDSECOND", "second")):
            self.assertIn("stateMachines", self.server.client(key, secret).list_state_machines(maxResults=5))

    def test_nobody_else_is(self):
        self.assertEqual(
            self.refusal(self.server.client("AKIDTHIRD", "third")),
            ("UnrecognizedClientException", "The security token included in the request is invalid."),
        )
        for secret in ("second", "First/secret+key"):
            self.assertEqual(
                self.refusal(self.server.client("AKIDFIRST", secret)), ("InvalidSignatureException", MISMATCH)
            )
        unsigned = self.server.client(signature_version=botocore.UNSIGNED)
        self.assertEqual(
            self.refusal(unsigned), ("MissingAuthenticationTokenException", "Missing Authentication Token")
        )

    def test_a_clock_that_is_wrong_is_told_so(self):
        for minutes, words in ((-6, "Signature expired: "), (6, "Signature not yet current: ")):
            now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
            then = now + datetime.timedelta(minutes=minutes)
            with mock.patch("botocore.auth.get_current_datetime", return_value=then):
                error, message = self.refusal(self.server.client("AKIDSECOND", "second"))
            self.assertEqual(error, "InvalidSignatureException")
            self.assertTrue(message.startswith(words), message)

    def test_a_signature_may_stand_in_the_query(self):
        credentials = botocore.credentials.Credentials("AKIDFIRST", "first/secret+key")
        headers = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0"}
        request = botocore.awsrequest.AWSRequest("POST", f"{self.server.url}/", headers)
        QueryAuth(credentials, "states", REGION, expires=60).add_auth(request)
        self.assertIn("X-Amz-Signature", request.url)
        for body, status in ((b"{}", 200), (b'{"maxResults": 1}', 400)):
            asked = urllib.request.Request(request.url, body, dict(request.headers.items()))
            try:
                with urllib.request.urlopen(asked) as answer:
                    self.assertEqual((answer.status, status), (200, 200))
            except urllib.error.HTTPError as error:
                self.assertEqual((error.code, status), (400, 400))
                self.assertIn("InvalidSignatureException", json.load(error)["__type"])

    def test_what_is_no_action_needs_no_signature(self):
        asked = urllib.request.Request(self.server.url, b"{}", {"X-Amz-Target": "AWSStepFunctions.Nothing"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(asked)
        with caught.exception as answer:
            self.assertIn("UnknownOperationException", json.load(answer)["__type"])


class Listening(unittest.TestCase):
    def test_without_keys_only_this_machine_is_listened_to(self):
        with tempfile.TemporaryDirectory() as folder:
            command = [DUET, "workflow", "serve", "--listen", "0.0.0.0:0", "--store", f"sqlite:{folder}/w.db"]
            ended = subprocess.run(command, capture_output=True, text=True, env=CLEAN, timeout=30)
            self.assertEqual(ended.returncode, 64)
            self.assertIn("--listen: found 0.0.0.0:0, expected 127.0.0.1:PORT or [::1]:PORT", ended.stderr)
            self.assertFalse((pathlib.Path(folder) / "w.db").exists())


if __name__ == "__main__":
    unittest.main()
