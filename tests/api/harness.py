"""The server as a user starts it, and clients of it that note what they ask for."""

import atexit
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
DUET = os.environ.get("DUET", str(TARGET / "debug" / "duet"))
REGION = "eu-west-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
# Whatever the environment says of AWS is somebody else's.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DUET_"))}
# What was asked for with success, and what came back: (operation, member).
GIVEN, TAKEN = set(), set()


class Server:
    """`duet workflow serve`, on a free port and a store of its own."""

    program = [DUET, "workflow", "serve"]
    store = "workflows"

    def __init__(self, *flags, folder=None, environment=None):
        self.folder = folder or tempfile.mkdtemp(prefix="duet-api.")
        self.flags = flags
        self.environment = {**CLEAN, **(environment or {})}
        self.start()
        atexit.register(self.kill)

    def start(self):
        command = [*self.program, "--listen", "127.0.0.1:0", "--store", f"sqlite:{self.folder}/{self.store}.db"]
        self.log = open(pathlib.Path(self.folder) / "log", "ab")
        self.process = subprocess.Popen(
            [*command, *self.flags], stdout=subprocess.PIPE, stderr=self.log, env=self.environment, cwd=self.folder, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.program[0]} does not serve: {pathlib.Path(self.log.name).read_text()}")
        self.url = json.loads(line)["listening"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self):
        """SIGKILL: nothing is finished."""
        if self.process.poll() is None:
            self.process.kill()
        self.close()

    def stop(self):
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.close()
        return code

    def close(self):
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def client(self, key="AKIDANYBODY", secret="any", **config):
        settings = {"inject_host_prefix": False, "retries": {"total_max_attempts": 1}, **config}
        client = boto3.session.Session().client(
            "stepfunctions",
            endpoint_url=self.url,
            region_name=settings.get("region_name", REGION),
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(**settings),
        )
        note(client)
        return client


class Orchestrator(Server):
    """The orchestrator, on a bus that nobody places orders on."""

    program = [str(pathlib.Path(DUET).with_name("orchestrator")), "--bus", "memory:", "--region", REGION]
    store = "orchestrator"


def note(client):
    def before(params, context, **_):
        context["given"] = list(params)

    def after(http_response, parsed, model, context, **_):
        if http_response.status_code == 200:
            GIVEN.update((model.name, member) for member in context.get("given", ()))
            TAKEN.update((model.name, member) for member in parsed if member != "ResponseMetadata")

    client.meta.events.register("before-parameter-build.stepfunctions", before)
    client.meta.events.register("after-call.stepfunctions", after)


_shared = []


def shared():
    """The server that most tests share."""
    if not _shared:
        _shared.append(Server())
    return _shared[0]


class ApiTest(unittest.TestCase):
    """A test with a client of the server that all share."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = shared()
        cls.client = cls.server.client()

    @contextlib.contextmanager
    def refused(self, error, message=None):
        """The call is refused with that error, and that message."""
        with self.assertRaises(self.client.exceptions.ClientError) as caught:
            yield caught
        found = caught.exception.response["Error"]
        self.assertEqual(found["Code"], error, found)
        if message is not None:
            self.assertEqual(found["Message"], message)

    def machine(self, definition=None, name=None, **more):
        """A machine, and its ARN."""
        name = name or fresh("m")
        text = json.dumps(definition or passes())
        made = self.client.create_state_machine(name=name, definition=text, roleArn=ROLE, **more)
        return made["stateMachineArn"]

    def ended(self, arn, within=20):
        """The execution, once it has ended."""
        return self.until(
            lambda: self.client.describe_execution(executionArn=arn),
            lambda found: found["status"] not in ("RUNNING", "PENDING_REDRIVE"),
            within,
        )

    def until(self, ask, is_so, within=20):
        """What is answered once it is so."""
        deadline = time.monotonic() + within
        while True:
            found = ask()
            if is_so(found):
                return found
            if time.monotonic() > deadline:
                self.fail(f"still not: {found}")
            time.sleep(0.02)


def fresh(prefix):
    """A name that nothing has yet."""
    return f"{prefix}-{uuid.uuid4()}"


def passes(result=None):
    """A definition with one state, which passes its input on."""
    state = {"Type": "Pass", "End": True}
    if result is not None:
        state["Result"] = result
    return {"StartAt": "P", "States": {"P": state}}


def waits(seconds=3600):
    """A definition that waits."""
    return {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def fails():
    """A definition that fails."""
    return {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Oops", "Cause": "because"}}}


def task_of(activity, **more):
    """A definition with a task for that activity."""
    return {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": True, **more}}}


@contextlib.contextmanager
def sync_hosts():
    """Hosts called sync-HOST are where HOST is, as whoever runs a name server could have it."""
    original = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        return original(name.removeprefix("sync-"), *args, **kwargs)

    socket.getaddrinfo = resolve
    try:
        yield
    finally:
        socket.getaddrinfo = original
