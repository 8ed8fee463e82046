"""Lambda functions: programs on this machine, and what answers over HTTP."""

import http.server
import json
import pathlib
import tempfile
import threading

from harness import ACCOUNT, ApiTest, Server, fresh

# Writes down that it was called, and waits until it may go on.
HELD = """#!/bin/sh
echo called >>{folder}/calls
until [ -e {folder}/go ]; do sleep 0.05; done
cat
"""
FAILS = """#!/bin/sh
echo '{"errorType": "CardDeclined", "errorMessage": "no money"}'
exit 1
"""
# A custom runtime, as AWS's documentation has it: nothing of Lambda's is in it.
BOOTSTRAP = """#!/usr/bin/env python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    answer = api.getresponse()
    return answer.headers, answer.read()
calls = 0
while True:
    headers, event = ask("GET", "next")
    calls += 1
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    if json.loads(event) == "fail":
        failed = {"errorType": "KitchenClosed", "errorMessage": "come back tomorrow", "stackTrace": []}
        ask("POST", request + "/error", json.dumps(failed))
    else:
        ask("POST", request + "/response", json.dumps({"event": json.loads(event), "calls": calls, "request": request}))
"""


def program(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text(text)
    path.chmod(0o700)
    return str(path)


class Adds(http.server.BaseHTTPRequestHandler):
    """A function over HTTP: adds the two numbers that it is given."""

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(given["a"] + given["b"]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Functions(ApiTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="duet-api.")
        cls.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Adds)
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        functions = {
            "echo": "cat",
            "held": program(cls.folder, "held", HELD.replace("{folder}", cls.folder)),
            "declines": program(cls.folder, "declines", FAILS),
            "for-lambda": "lambda:" + program(cls.folder, "bootstrap", BOOTSTRAP),
            "adds": f"http://127.0.0.1:{cls.web.server_port}/add",
        }
        flags = [flag for name, place in functions.items() for flag in ("--function", f"{name}={place}")]
        cls.server = Server(*flags)
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.web.shutdown()
        cls.web.server_close()

    def task(self, resource, **fields):
        state = {"Type": "Task", "Resource": resource, "End": True, **fields}
        return self.machine({"StartAt": "T", "States": {"T": state}})

    def run_of(self, machine, given):
        started = self.client.start_execution(stateMachineArn=machine, input=json.dumps(given), name=fresh("e"))
        return started["executionArn"]

    def arn_of(self, function):
        return f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{function}"

    def test_a_function_is_called_by_its_arn_or_its_name(self):
        by_arn = self.ended(self.run_of(self.task(self.arn_of("echo")), {"dish": "soup"}))
        self.assertEqual((by_arn["status"], json.loads(by_arn["output"])), ("SUCCEEDED", {"dish": "soup"}))
        arguments = {"FunctionName": self.arn_of("adds"), "Payload.$": "$"}
        machine = self.task("arn:aws:states:::lambda:invoke", Parameters=arguments, OutputPath="$.Payload")
        by_name = self.ended(self.run_of(machine, {"a": 1, "b": 2}))
        self.assertEqual((by_name["status"], by_name["output"]), ("SUCCEEDED", "3"))

    def test_its_error_is_named_as_the_function_names_it(self):
        found = self.ended(self.run_of(self.task(self.arn_of("declines")), {}))
        self.assertEqual((found["status"], found["error"]), ("FAILED", "CardDeclined"))
        self.assertEqual(json.loads(found["cause"])["errorMessage"], "no money")
        found = self.ended(self.run_of(self.task(self.arn_of("nobody")), {}))
        self.assertEqual((found["status"], found["error"]), ("FAILED", "Lambda.ResourceNotFoundException"))

    def test_a_function_is_given_the_token_that_its_task_waits_for(self):
        arguments = {"FunctionName": "echo", "Payload": {"token.$": "$$.Task.Token"}}
        machine = self.task("arn:aws:states:::lambda:invoke.waitForTaskToken", Parameters=arguments)
        arn = self.run_of(machine, {})

        def submitted():
            events = self.client.get_execution_history(executionArn=arn, includeExecutionData=True)["events"]
            return [event["taskSubmittedEventDetails"] for event in events if event["type"] == "TaskSubmitted"]

        answer = json.loads(self.until(submitted, bool)[0]["output"])
        self.client.send_task_success(taskToken=answer["Payload"]["token"], output='"done"')
        self.assertEqual(self.ended(arn)["output"], '"done"')

    def test_a_program_for_lambda_asks_the_runtime_api_and_is_kept(self):
        machine = self.task(self.arn_of("for-lambda"))
        arns = [self.run_of(machine, "soup") for _ in range(2)]
        answers = [json.loads(self.ended(arn)["output"]) for arn in arns]
        self.assertEqual([answer["event"] for answer in answers], ["soup"] * 2)
        self.assertEqual(len({answer["request"] for answer in answers}), 2, "each call has an id")
        again = json.loads(self.ended(self.run_of(machine, "pie"))["output"])
        self.assertGreater(again["calls"], 1, "the program is kept for the next call")
        failed = self.ended(self.run_of(machine, "fail"))
        self.assertEqual((failed["status"], failed["error"]), ("FAILED", "KitchenClosed"))

    def test_a_call_in_flight_is_made_again_after_a_kill_and_ends_once(self):
        arn = self.run_of(self.task(self.arn_of("held")), {"dish": "pie"})
        calls = pathlib.Path(self.folder) / "calls"
        self.until(lambda: calls.exists() and calls.read_text().count("called"), lambda count: count == 1)
        self.server.kill()
        self.server.start()
        type(self).client = self.server.client()
        self.until(lambda: calls.read_text().count("called"), lambda count: count == 2)
        (pathlib.Path(self.folder) / "go").touch()
        self.assertEqual(json.loads(self.ended(arn)["output"]), {"dish": "pie"})
        events = self.client.get_execution_history(executionArn=arn)["events"]
        self.assertEqual([event["type"] for event in events].count("LambdaFunctionSucceeded"), 1)

    def test_calls_that_wait_for_their_turn_hold_up_no_other_function(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="duet-api."))
        slow = program(folder, "slow", HELD.replace("{folder}", str(folder)))
        server = Server("--functions-at-once", "1", "--function", f"slow={slow}", "--function", "echo=cat")
        self.addCleanup(server.kill)
        before, type(self).client = self.client, server.client()
        self.addCleanup(setattr, type(self), "client", before)
        machine = self.task(self.arn_of("slow"))
        waiting = [self.run_of(machine, n) for n in range(50)]
        calls = folder / "calls"
        self.until(calls.exists, bool)
        self.assertEqual(self.ended(self.run_of(self.task(self.arn_of("echo")), "quick"))["output"], '"quick"')
        for arn in waiting[1:-1]:
            self.client.stop_execution(executionArn=arn)
        (folder / "go").touch()
        self.assertEqual([self.ended(arn)["status"] for arn in (waiting[0], waiting[-1])], ["SUCCEEDED"] * 2)
        self.assertEqual(calls.read_text().count("called"), 2, "nobody waited for the others any more")
