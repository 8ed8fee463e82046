"""HTTP tasks, and the connections that they call with: made with EventBridge's own client."""

import contextlib
import http.server
import json
import pathlib
import tempfile
import threading
import urllib.parse

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import ACCOUNT, REGION, ApiTest, Server, fresh

SECRET = "a-secret-of-the-connection"
TOKEN = "a-token-that-was-given"


class Shop(http.server.BaseHTTPRequestHandler):
    """An API of somebody else, which says what it was asked; and gives tokens."""

    asked = []
    held = threading.Event()

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        # Who asked may be gone by then: killed.
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(text)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        asked = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}, "body": body}
        Shop.asked.append(asked)
        if self.path == "/token":
            return self.answer(200, {"access_token": TOKEN, "expires_in": 60})
        if self.path == "/held":
            Shop.held.wait(30)
        if self.path == "/busy":
            return self.answer(429, {"error": "slow down"})
        shown = {name: value for name, value in asked["headers"].items() if SECRET not in value and TOKEN not in value}
        return self.answer(200, {**asked, "headers": shown})

    do_GET = do_POST

    def log_message(self, *_):
        pass


class HttpTasks(ApiTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="duet-api.")
        cls.shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        threading.Thread(target=cls.shop.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.shop.server_port}"
        key = pathlib.Path(cls.folder) / "key"
        key.write_text("0f" * 32)
        flags = ["--connections-key-file", str(key), "--http-task-hosts", f"127.0.0.1:{cls.shop.server_port}"]
        cls.server = Server(*flags, folder=cls.folder)
        cls.reach()

    @classmethod
    def reach(cls):
        cls.client = cls.server.client()
        cls.events = boto3.client(
            "events",
            endpoint_url=cls.server.url,
            region_name=REGION,
            aws_access_key_id="AKIDANYBODY",
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}),
        )

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.shop.shutdown()
        cls.shop.server_close()

    def connection(self, kind="API_KEY", **parameters):
        parameters = parameters or {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": SECRET}}
        made = self.events.create_connection(Name=fresh("c"), AuthorizationType=kind, AuthParameters=parameters)
        self.assertEqual(made["ConnectionState"], "AUTHORIZED")
        return made["ConnectionArn"]

    def begun(self, connection, path, **more):
        call = {"ApiEndpoint": self.url + path, "Method": "POST", "InvocationConfig": {"ConnectionArn": connection}, **more}
        state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": call, "End": True}
        machine = self.machine({"StartAt": "T", "States": {"T": state}})
        return self.client.start_execution(stateMachineArn=machine, name=fresh("e"), input='{"dish": "soup"}')["executionArn"]

    def result(self, *given, **more):
        found = self.ended(self.begun(*given, **more))
        self.assertEqual(found["status"], "SUCCEEDED", found)
        return json.loads(found["output"])

    def test_connections_are_managed_with_eventbridges_client(self):
        arn = self.connection()
        name = arn.split("/")[1]
        self.assertTrue(arn.startswith(f"arn:aws:events:{REGION}:{ACCOUNT}:connection/{name}/"))
        found = self.events.describe_connection(Name=name)
        self.assertEqual((found["ConnectionArn"], found["AuthorizationType"]), (arn, "API_KEY"))
        self.assertEqual(found["AuthParameters"], {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key"}})
        listed = self.events.list_connections(NamePrefix=name)["Connections"]
        self.assertEqual([it["ConnectionArn"] for it in listed], [arn])
        self.assertEqual(listed[0]["CreationTime"], found["CreationTime"])
        changed = self.events.update_connection(Name=name, Description="of tests")
        self.assertGreaterEqual(changed["LastModifiedTime"], changed["CreationTime"])
        self.assertEqual(self.events.describe_connection(Name=name)["Description"], "of tests")
        self.assertEqual(self.events.deauthorize_connection(Name=name)["ConnectionState"], "DEAUTHORIZED")
        self.assertEqual(self.events.delete_connection(Name=name)["ConnectionState"], "DELETING")
        with self.assertRaises(self.events.exceptions.ResourceNotFoundException):
            self.events.describe_connection(Name=name)
        with self.assertRaises(ClientError) as caught:
            self.events.list_rules()
        self.assertIn("CreateConnection", caught.exception.response["Error"]["Message"])

    def test_an_api_is_called_with_the_secrets_of_its_connection_which_stand_nowhere(self):
        arn = self.connection()
        self.begun(arn, "/orders", RequestBody={"dish.$": "$.dish"}, QueryParameters={"q": "a b"})
        execution = self.begun(arn, "/orders", RequestBody={"dish.$": "$.dish"}, QueryParameters={"q": "a b"})
        output = json.loads(self.ended(execution)["output"])
        self.assertEqual((output["StatusCode"], output["StatusText"]), (200, "OK"))
        self.assertEqual(output["Headers"]["content-type"], ["application/json"])
        self.assertEqual(output["ResponseBody"]["path"], "/orders?q=a%20b")
        self.assertEqual(output["ResponseBody"]["body"], '{"dish":"soup"}')
        self.assertEqual(Shop.asked[-1]["headers"]["x-api-key"], SECRET)
        history = self.client.get_execution_history(executionArn=execution)["events"]
        self.assertNotIn(SECRET, json.dumps(history, default=str))
        for kept in pathlib.Path(self.folder).iterdir():
            self.assertNotIn(SECRET.encode(), kept.read_bytes(), kept)

    def test_a_token_is_asked_for(self):
        oauth = {
            "ClientParameters": {"ClientID": "me", "ClientSecret": SECRET},
            "AuthorizationEndpoint": self.url + "/token",
            "HttpMethod": "POST",
        }
        arn = self.connection("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
        self.assertEqual(self.result(arn, "/orders")["StatusCode"], 200)
        asked = [asked for asked in Shop.asked if asked["path"] == "/token"]
        self.assertEqual([urllib.parse.parse_qs(it["body"]) for it in asked], [{"grant_type": ["client_credentials"]}])
        self.assertEqual(Shop.asked[-1]["headers"]["authorization"], f"Bearer {TOKEN}")

    def test_a_form_is_sent(self):
        form = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "BRACKETS"}}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        result = self.result(self.connection(), "/form", RequestBody={"a": ["x", "y z"]}, Transform=form, Headers=headers)
        self.assertEqual(urllib.parse.parse_qs(result["ResponseBody"]["body"]), {"a[]": ["x", "y z"]})
        self.assertEqual(result["ResponseBody"]["headers"]["content-type"], headers["content-type"])

    def test_errors_have_names_that_a_workflow_can_catch(self):
        arn = self.connection()
        found = self.ended(self.begun(arn, "/busy"))
        self.assertEqual((found["error"], json.loads(found["cause"])), ("States.Http.StatusCode.429", {"error": "slow down"}))
        found = self.ended(self.begun(arn.replace(arn[-4:], "0000"), "/orders"))
        self.assertEqual(found["error"], "Events.ConnectionResource.ResourceNotFound")
        found = self.ended(self.begun(arn, "/orders", Headers={"Authorization": "x"}))
        self.assertEqual(found["error"], "States.Runtime")
        self.assertIn('The header "Authorization" cannot be set', found["cause"])
        elsewhere = {"ApiEndpoint": "https://169.254.169.254/latest"}
        found = self.ended(self.begun(arn, "/", **elsewhere))
        self.assertEqual(found["error"], "States.Runtime")

    def test_a_call_that_a_kill_cuts_off_is_made_again_and_connections_are_there(self):
        arn = self.connection()
        execution = self.begun(arn, "/held")
        calls = lambda: sum(asked["path"] == "/held" for asked in Shop.asked)
        self.until(calls, lambda count: count == 1)
        self.server.kill()
        Shop.held.set()
        self.server.start()
        type(self).reach()
        self.assertEqual(self.ended(execution)["status"], "SUCCEEDED")
        self.assertEqual(calls(), 2)


class WithoutKey(ApiTest):
    def test_nothing_is_kept_and_nothing_called(self):
        events = boto3.client(
            "events", endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b"
        )
        with self.assertRaises(ClientError) as caught:
            events.list_connections()
        self.assertIn("--connections-key-file", caught.exception.response["Error"]["Message"])
        call = {"ApiEndpoint": "https://example.com", "Method": "GET", "InvocationConfig": {"ConnectionArn": "arn"}}
        state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": call, "End": True}
        machine = self.machine({"StartAt": "T", "States": {"T": state}})
        started = self.client.start_execution(stateMachineArn=machine, name=fresh("e"))
        found = self.ended(started["executionArn"])
        self.assertEqual(found["error"], "States.Runtime")
        self.assertIn("--connections-key-file", found["cause"])
