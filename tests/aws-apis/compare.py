#!/usr/bin/env python3
"""Compares orchestrator/aws-apis with botocore, for every action of every AWS service: what requests are, and what answers say.

    cargo build -p aws-apis --example serialise
    venv/bin/python tests/aws-apis/compare.py

For each action, parameters are made up from its model (the same for the same seed). A client of botocore prepares the request, signs
it, and is stopped before it sends it; `examples/serialise.rs` says what the request is here. Method, URL, headers, body (by its meaning),
and what the signature names must be the same. Then an answer is made up from the output's model, and read by both; and an error.
Nothing goes over the network.
"""

import base64
import collections
import json
import multiprocessing
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import botocore.discovery
import botocore.handlers
import botocore.session
from botocore import httpchecksum, parsers
from botocore.config import Config
from botocore.exceptions import MissingDependencyException, NoAuthTokenError

import made
import wire

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/serialise"
REGION = "eu-west-1"
TOKEN = "00000000-0000-4000-8000-000000000000"
SEED = int(os.environ.get("DUET_SEED", "1"))
# What signers and senders set, and a checksum's way around them.
PASSED_OVER = {
    "authorization", "content-length", "expect", "host", "transfer-encoding", "user-agent", "x-amz-content-sha256", "x-amz-date",
    "x-amz-decoded-content-length", "x-amz-region-set", "x-amz-trailer", "amz-sdk-invocation-id", "amz-sdk-request",
    "x-amz-s3session-token",
}
# Those that botocore has without further packages.
CHECKSUMS = ["CRC32", "SHA1", "SHA256"]
# See scripts/aws-apis.
TWICE = {"sms-voice"}


# What needs a token, or signatures for several regions, which botocore has not alone.
UNSIGNABLE = (NoAuthTokenError, MissingDependencyException)
# The parameters of a form that are its signature (Version 2, of SimpleDB alone).
SIGNATURE = {"AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp"}
# Differences that are meant: botocore takes the account's own host where an ARN names an account; it takes elements for text where a
# member and a list of another name have the same name in XML; it signs what the model says is not signed.
MEANT = {("kinesis", "host"), ("s3.GetBucketNotification", "answer"), ("signin.CreateOAuth2TokenWithTokenExchange", "signature")}


class Stopped(Exception):
    """What a client is stopped with before it sends a request."""


class Botocore:
    """Requests of one service, as botocore makes them."""

    def __init__(self, session, name, endpoint=None, signature=None):
        self.seen = self.version = None
        # Where an endpoint is to be asked for first, nobody is asked.
        botocore.discovery.EndpointDiscoveryHandler.discover_endpoint = lambda *_, **__: None
        self.client = session.create_client(
            name,
            region_name=REGION,
            aws_access_key_id="id",
            aws_secret_access_key="secret",
            endpoint_url=endpoint,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, signature_version=signature),
        )
        events = self.client.meta.events
        if signature:
            events.register_first("choose-signer", lambda **_: signature)
        events.register_first("before-send", self.stop)
        signer = self.client._request_signer
        signer.get_auth_instance = self.noting(signer.get_auth_instance)
        # Comfort of botocore's own: Step Functions takes the data encoded.
        for place in ("ec2.RunInstances", "autoscaling.CreateLaunchConfiguration"):
            events.unregister(f"before-parameter-build.{place}", botocore.handlers.base64_encode_user_data)

    def noting(self, get_auth_instance):
        def noted(*args, **kwargs):
            self.version = kwargs.get("signature_version")
            return get_auth_instance(*args, **kwargs)

        return noted

    def stop(self, request, **_):
        self.seen = request
        raise Stopped

    def request(self, operation, parameters):
        self.seen = self.version = None
        with mock.patch("botocore.handlers.uuid.uuid4", lambda: TOKEN):
            try:
                self.client._make_api_call(operation, parameters)
            except Stopped:
                pass
        request = self.seen
        body = request.body or b""
        if hasattr(body, "_raw"):
            body = body._raw
        if hasattr(body, "read"):
            body.seek(0)
            body = body.read()
        body = body.encode() if isinstance(body, str) else bytes(body)
        headers = [(name, text(value)) for name, value in request.headers.items()]
        return request.method, request.url, headers, body, self.version


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain_headers(headers):
    kept = {}
    for name, value in headers:
        name = name.lower()
        if name == "content-encoding":
            value = value.removesuffix("aws-chunked").removesuffix(",")
            if not value:
                continue
        if name not in PASSED_OVER:
            kept[name] = value
    return kept


def signed(headers):
    """The service and region that a signature names."""
    value = {name.lower(): value for name, value in headers}.get("authorization", "")
    scope = value.partition("Credential=")[2].partition(",")[0].split("/")
    return [scope[-2], scope[-3]] if len(scope) == 5 else None


def differences(model, theirs, ours):
    protocol = model.resolved_protocol
    method, url, headers, body, version = theirs
    if "problem" in ours:
        return [("refused here", ours["problem"])]
    found = []
    one, other = urlsplit(url), urlsplit(ours["url"])
    our_body = base64.b64decode(ours["body"])
    mine, yours = plain_headers(ours["headers"]), plain_headers(headers)
    trailer = {name.lower(): value for name, value in headers}.get("x-amz-trailer")
    if trailer:
        # The same checksum, before the body instead of behind it.
        yours[trailer] = checksum(trailer, our_body)
    for name in [name for name in yours if name.startswith("x-amz-checksum-") and body != our_body]:
        # Bodies that mean the same need not be the same: neither need their checksums.
        if yours[name] == checksum(name, body):
            yours[name] = checksum(name, our_body)
    pairs = [
        ("method", method, ours["method"]),
        ("host", (one.scheme, one.netloc), (other.scheme, other.netloc)),
        ("path", one.path, other.path),
        ("query", *(sorted(parse_qsl(part.query, keep_blank_values=True)) for part in (one, other))),
        ("headers", yours, mine),
        ("body", *(wire.meaning(protocol, head, part) for head, part in ((headers, body), (ours["headers"], our_body)))),
    ]
    scope = signed(headers)
    if scope:
        pairs.append(("signature", [*scope, "s3v4" if version == "s3" else version], ours["signing"]))
    for kind, theirs, mine in pairs:
        if kind == "body" and model.signature_version == "v2":
            theirs = [pair for pair in theirs if pair[0] not in SIGNATURE]
        if theirs != mine and body != our_body if kind == "body" else theirs != mine:
            if kind == "headers":
                theirs, mine = ({k: v for k, v in one.items() if v != other.get(k)} for one, other in ((theirs, mine), (mine, theirs)))
            found.append((kind, f"botocore has {theirs!r:.600}, here it is {mine!r:.600}"))
    return found


def checksum(name, body):
    known = httpchecksum._CHECKSUM_CLS.get(name.removeprefix("x-amz-checksum-"))
    return known and known().handle(body)


def ask(lines):
    done = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def called(model):
    """A service's name in an ARN, by the rule that scripts/aws-apis documents."""
    import importlib.machinery
    import importlib.util

    if not hasattr(called, "script"):
        loader = importlib.machinery.SourceFileLoader("aws_apis", str(ROOT / "scripts/aws-apis"))
        sys.dont_write_bytecode = True
        called.script = importlib.util.module_from_spec(importlib.util.spec_from_loader("aws_apis", loader))
        loader.exec_module(called.script)
    return called.script.sdk_service(model.service_id).lower()


def has_stream(operation):
    return operation.has_event_stream_input or operation.has_event_stream_output


def requests(name, session, endpoint=None):
    """Differences of a service's requests: (action, kind, what)."""
    model = session.get_service_model(name)
    theirs, lines, found, passed = [], [], [], 0
    asked, unsigned = Botocore(session, name, endpoint), None
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        if has_stream(operation):
            passed += 1
            continue
        parameters = parameters_of(name, operation_name, operation)
        shape = operation.input_shape
        line = {
            "service": called(model),
            "action": made.action_name(operation_name),
            "parameters": made.states(shape, parameters) if shape else {},
            "region": REGION,
            "endpoint": endpoint,
            "token": TOKEN,
        }
        try:
            try:
                request = asked.request(operation_name, parameters)
            except UNSIGNABLE:
                unsigned = unsigned or Botocore(session, name, endpoint, botocore.UNSIGNED)
                request = unsigned.request(operation_name, parameters)
            theirs.append((operation_name, request))
        except Exception as error:  # pylint: disable=broad-except
            found.append((f"{name}.{operation_name}", "refused by botocore", repr(error)[:300]))
            continue
        lines.append(json.dumps(line))
    answers = ask(lines) if lines else []
    for (operation_name, request), ours in zip(theirs, answers, strict=True):
        for kind, what in differences(model, request, ours):
            if (name, kind) in MEANT or (f"{name}.{operation_name}", kind) in MEANT:
                continue
            found.append((f"{name}.{operation_name}", kind, what))
    return len(theirs), passed, found


def parameters_of(name, operation_name, operation):
    shape = operation.input_shape
    parameters = made.Maker(f"{SEED} {name} {operation_name}").value(shape) if shape else {}
    arn = "arn:aws:cloudfront::123456789012:key-value-store/store"
    special = {
        "s3": {"Bucket": "my-bucket", "CopySource": "other-bucket/key"},
        "cloudfront-keyvaluestore": {"KvsARN": arn},
        "machinelearning": {"PredictEndpoint": "https://realtime.machinelearning.eu-west-1.amazonaws.com"},
        "s3control": {"Bucket": "my-bucket", "Name": "my-point", "AccountId": "123456789012", "OutpostId": None},
        "events": {"EndpointId": "abc.def"},
        "sesv2": {"EndpointId": "abc.def"},
        "opensearchmemory": {"spaceId": "space-1"},
        "kinesis": {
            "StreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
            "ConsumerARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/s/consumer/c:1",
            "ResourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
            "QueueARN": "arn:aws:kinesis:eu-west-1:123456789012:queue/q",
            "ChannelARN": "arn:aws:kinesis:eu-west-1:123456789012:channel/c",
            "StreamId": None,
        },
    }
    algorithm = (operation.http_checksum or {}).get("requestAlgorithmMember")
    if algorithm in parameters:
        parameters[algorithm] = CHECKSUMS[len(operation_name) % len(CHECKSUMS)]
        if operation_name in ("PutObject", "UploadPart"):
            # So that the checksum is made, and not told.
            parameters = {name: value for name, value in parameters.items() if not name.startswith("Checksum") or name == algorithm}
    for member, value in special.get(name, {}).items():
        if member in parameters:
            if value is None:
                del parameters[member]
            else:
                parameters[member] = value
    return parameters


def answers(name, session):
    """Differences of what a service's answers and errors say."""
    model = session.get_service_model(name)
    parser = parsers.create_parser(model.resolved_protocol)
    lines, expected, found, passed = [], [], [], 0
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        if has_stream(operation):
            passed += 1
            continue
        shape = operation.output_shape
        value = made.Maker(f"{SEED} {name} {operation_name} answer").value(shape) if shape else {}
        told = [("answer", wire.answer(model, operation, value))]
        for error in operation.error_shapes[:1]:
            code = error.error_code or error.name
            told.append(("error", wire.error(model, code, "it is so", model.is_query_compatible)))
        for kind, (status, headers, body) in told:
            response = {"status_code": status, "headers": botocore.compat.HTTPHeaders.from_dict(dict(headers)), "body": body}
            read = parser.parse(response, shape)
            if kind == "answer":
                read.pop("ResponseMetadata", None)
                read = json.loads(json.dumps(made.states(shape, read), default=repr)) if shape else {}
                if name == "s3" and operation_name == "GetBucketLocation":
                    continue
            else:
                read = [read["Error"]["Code"], read["Error"]["Message"]]
            expected.append((f"{name}.{operation_name}", kind, read))
            line = {"service": called(model), "action": made.action_name(operation_name)}
            line |= {"status": status, "headers": headers, "body": wire.base64_of(body)}
            lines.append(json.dumps(line))
    for (action, kind, read), ours in zip(expected, ask(lines) if lines else [], strict=True):
        mine = ours.get("answer", ours) if kind == "answer" else ours.get("error", ours)
        if kind == "error":
            mine = [mine.get("code"), mine.get("message")]
        if mine != read and (action, kind) not in MEANT:
            found.append((action, kind, f"botocore reads {read!r:.600}, here it is {mine!r:.600}"))
    return len(expected), passed, found


SESSION = None


def work(job):
    global SESSION
    SESSION = SESSION or botocore.session.get_session()
    what, name, endpoint = job
    return what(name, SESSION, endpoint) if what is requests else what(name, SESSION)


class Compare(unittest.TestCase):
    def compare(self, what, endpoint=None, names=None):
        names = names or sorted(set(botocore.session.get_session().get_available_services()) - TWICE)
        chosen = os.environ.get("DUET_SERVICES")
        names = [name for name in names if not chosen or name in chosen.split(",")]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results = pool.map(work, [(what, name, endpoint) for name in names], chunksize=4)
        compared, passed = (sum(result[place] for result in results) for place in (0, 1))
        found = [one for result in results for one in result[2]]
        wrong = {action for action, _, _ in found}
        kinds = collections.Counter(kind for _, kind, _ in found)
        print(f"\n{what.__name__}: {compared - len(wrong)} of {compared} agree in {len(names)} services; {passed} are streams of events")
        for kind, count in kinds.most_common():
            print(f"  {kind}: {count}")
            for action, _, text in [one for one in found if one[1] == kind][: int(os.environ.get("DUET_SHOWN", "5"))]:
                print(f"    {action}: {text}")
        self.assertEqual(len(found), 0, f"{len(found)} differences, see above")

    def test_requests(self):
        self.compare(requests)

    def test_requests_to_another_server(self):
        self.compare(requests, "http://server.test:8000", ["s3", "s3control", "dynamodb", "sqs", "stepfunctions", "glacier"])

    def test_answers(self):
        self.compare(answers)


if __name__ == "__main__":
    unittest.main()
