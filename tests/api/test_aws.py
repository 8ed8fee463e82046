"""Services of AWS that tasks call, at moto, which nobody here wrote, and at a server that holds what it is asked."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import boto3

from harness import ACCOUNT, CLEAN, REGION, ApiTest, Orchestrator, Server, fresh

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "secret-of-a-test", "AWS_SESSION_TOKEN": "token-of-a-test"}
# Nobody's files, and no machine of Amazon's.
ALONE = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
PASSES = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})

# What is asked of each service, one state after the other, and what must come of it: a path into all results, and what is there. A result is
# at the name of its action; `$.` in a parameter is a path.
SERVICES = {
    # AWS JSON.
    "sqs": ([
        ("createQueue", {"QueueName": "orders"}),
        ("sendMessage", {"QueueUrl": "$.createQueue.QueueUrl", "MessageBody": "soup", "MessageAttributes": {"Kind": {"DataType": "String", "StringValue": "hot"}}}),
        ("receiveMessage", {"QueueUrl": "$.createQueue.QueueUrl", "MessageAttributeNames": ["All"]}),
    ], ("receiveMessage.Messages.0.Body", "soup")),
    "dynamodb": ([
        ("createTable", {
            "TableName": "orders", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
        }),
        ("putItem", {"TableName": "orders", "Item": {"Id": {"S": "1"}, "Paid": {"Bool": True}, "Tags": {"Ss": ["a"]}, "None": {"Nul": True}}}),
        ("getItem", {"TableName": "orders", "Key": {"Id": {"S": "1"}}}),
    ], ("getItem.Item", {"Id": {"S": "1"}, "Paid": {"Bool": True}, "Tags": {"Ss": ["a"]}, "None": {"Nul": True}})),
    "eventbridge": ([
        ("createEventBus", {"Name": "orders"}),
        ("putRule", {"Name": "all", "EventBusName": "orders", "EventPattern": "{\"source\": [\"kitchen\"]}"}),
        ("listRules", {"EventBusName": "orders"}),
    ], ("listRules.Rules.0.Name", "all")),
    "secretsmanager": ([
        ("createSecret", {"Name": "key", "SecretString": "hush"}),
        ("getSecretValue", {"SecretId": "key"}),
    ], ("getSecretValue.SecretString", "hush")),
    "sfn": ([
        ("createStateMachine", {"Name": "m", "Definition": PASSES, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"}),
        ("describeStateMachine", {"StateMachineArn": "$.createStateMachine.StateMachineArn"}),
    ], ("describeStateMachine.Name", "m")),
    "kms": ([("createKey", {"Description": "d"}), ("describeKey", {"KeyId": "$.createKey.KeyMetadata.KeyId"})], ("describeKey.KeyMetadata.Description", "d")),
    "ssm": ([("putParameter", {"Name": "/p", "Value": "v", "Type": "String"}), ("getParameter", {"Name": "/p"})], ("getParameter.Parameter.Value", "v")),
    "kinesis": ([("createStream", {"StreamName": "s", "ShardCount": 1}), ("listStreams", {})], ("listStreams.StreamNames", ["s"])),
    "cloudwatchlogs": ([("createLogGroup", {"LogGroupName": "g"}), ("describeLogGroups", {})], ("describeLogGroups.LogGroups.0.LogGroupName", "g")),
    "ecr": ([("createRepository", {"RepositoryName": "kitchen"}), ("describeRepositories", {})], ("describeRepositories.Repositories.0.RepositoryName", "kitchen")),
    "ecs": ([("createCluster", {"ClusterName": "c"}), ("describeClusters", {"Clusters": ["c"]})], ("describeClusters.Clusters.0.ClusterName", "c")),
    "athena": ([("createWorkGroup", {"Name": "w"}), ("getWorkGroup", {"WorkGroup": "w"})], ("getWorkGroup.WorkGroup.Name", "w")),
    "glue": ([("createDatabase", {"DatabaseInput": {"Name": "d"}}), ("getDatabase", {"Name": "d"})], ("getDatabase.Database.Name", "d")),
    "codecommit": ([("createRepository", {"RepositoryName": "r"}), ("getRepository", {"RepositoryName": "r"})], ("getRepository.RepositoryMetadata.RepositoryName", "r")),
    "cognitoidentityprovider": ([("createUserPool", {"PoolName": "p"}), ("listUserPools", {"MaxResults": 5})], ("listUserPools.UserPools.0.Name", "p")),
    "acm": ([("requestCertificate", {"DomainName": "a.example"}), ("listCertificates", {})], ("listCertificates.CertificateSummaryList.0.DomainName", "a.example")),
    "cloudtrail": ([("describeTrails", {})], ("describeTrails.TrailList", [])),
    "organizations": ([("createOrganization", {"FeatureSet": "ALL"}), ("describeOrganization", {})], ("describeOrganization.Organization.FeatureSet", "ALL")),
    "swf": ([
        ("registerDomain", {"Name": "d", "WorkflowExecutionRetentionPeriodInDays": "1"}),
        ("listDomains", {"RegistrationStatus": "REGISTERED"}),
    ], ("listDomains.DomainInfos.0.Name", "d")),
    "servicediscovery": ([("createHttpNamespace", {"Name": "n"}), ("listNamespaces", {})], ("listNamespaces.Namespaces.0.Name", "n")),
    "firehose": ([("listDeliveryStreams", {})], ("listDeliveryStreams.DeliveryStreamNames", [])),
    "sagemaker": ([("listModels", {})], ("listModels.Models", [])),
    # REST with JSON.
    "lambda": ([("listFunctions", {})], ("listFunctions.Functions", [])),
    "apigateway": ([("createRestApi", {"Name": "a"}), ("getRestApi", {"RestApiId": "$.createRestApi.Id"})], ("getRestApi.Name", "a")),
    "apigatewayv2": ([("createApi", {"Name": "a", "ProtocolType": "HTTP"}), ("getApi", {"ApiId": "$.createApi.ApiId"})], ("getApi.Name", "a")),
    "batch": ([("describeJobQueues", {})], ("describeJobQueues.JobQueues", [])),
    "eks": ([("listClusters", {})], ("listClusters.Clusters", [])),
    "efs": ([("createFileSystem", {}), ("describeFileSystems", {})], ("describeFileSystems.FileSystems.0.OwnerId", ACCOUNT)),
    "iot": ([("createThing", {"ThingName": "t"}), ("describeThing", {"ThingName": "t"})], ("describeThing.ThingName", "t")),
    "scheduler": ([("createScheduleGroup", {"Name": "g"}), ("getScheduleGroup", {"Name": "g"})], ("getScheduleGroup.Name", "g")),
    "xray": ([("putTraceSegments", {"TraceSegmentDocuments": ["{}"]})], ("putTraceSegments.UnprocessedTraceSegments.0.ErrorCode", "MissingParam")),
    "glacier": ([("createVault", {"VaultName": "v"}), ("listVaults", {})], ("listVaults.VaultList.0.VaultName", "v")),
    "backup": ([("createBackupVault", {"BackupVaultName": "v"}), ("listBackupVaults", {})], ("listBackupVaults.BackupVaultList.0.BackupVaultName", "v")),
    # REST with XML.
    "s3": ([
        ("createBucket", {"Bucket": "orders", "CreateBucketConfiguration": {"LocationConstraint": REGION}}),
        ("putObject", {"Bucket": "orders", "Key": "a b/1.json", "Body": {"dish": "soup"}, "Metadata": {"kind": "hot"}}),
        ("getObject", {"Bucket": "orders", "Key": "a b/1.json"}),
        ("listObjectsV2", {"Bucket": "orders"}),
    ], ("getObject.Body", '{"dish":"soup"}')),
    "route53": ([
        ("createHostedZone", {"Name": "a.example.", "CallerReference": "r"}),
        ("getHostedZone", {"Id": "$.createHostedZone.HostedZone.Id"}),
    ], ("getHostedZone.HostedZone.Name", "a.example.")),
    "cloudfront": ([("listDistributions", {})], ("listDistributions.DistributionList.Quantity", 0)),
    # AWS Query.
    "sns": ([("createTopic", {"Name": "t"}), ("publish", {"TopicArn": "$.createTopic.TopicArn", "Message": "m"}), ("listTopics", {})], ("listTopics.Topics.0.TopicArn", f"arn:aws:sns:{REGION}:{ACCOUNT}:t")),
    "iam": ([("createRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}), ("getRole", {"RoleName": "r"})], ("getRole.Role.RoleName", "r")),
    "sts": ([("getCallerIdentity", {})], ("getCallerIdentity.Account", ACCOUNT)),
    "cloudformation": ([("listStacks", {})], ("listStacks.StackSummaries", [])),
    "rds": ([("createDBParameterGroup", {"DbParameterGroupName": "g", "DbParameterGroupFamily": "mysql8.0", "Description": "d"}), ("describeDBParameterGroups", {})], ("describeDBParameterGroups.DbParameterGroups.0.DbParameterGroupName", "g")),
    "redshift": ([("describeClusters", {})], ("describeClusters.Clusters", [])),
    "ses": ([("verifyEmailIdentity", {"EmailAddress": "a@a.example"}), ("listIdentities", {})], ("listIdentities.Identities", ["a@a.example"])),
    "autoscaling": ([("describeAutoScalingGroups", {})], ("describeAutoScalingGroups.AutoScalingGroups", [])),
    "elasticloadbalancingv2": ([("describeLoadBalancers", {})], ("describeLoadBalancers.LoadBalancers", [])),
    "cloudwatch": ([("listDashboards", {})], ("listDashboards.DashboardEntries", [])),
    # EC2's kind of it.
    "ec2": ([
        ("createVpc", {"CidrBlock": "10.1.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "v"}]}]}),
        ("describeVpcs", {"VpcIds": "States.Array($.createVpc.Vpc.VpcId)"}),
    ], ("describeVpcs.Vpcs.0.CidrBlock", "10.1.0.0/16")),
}


class Moto:
    """A server of moto, on a free port."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.TemporaryFile()
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        environment = {**CLEAN, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        deadline = time.monotonic() + 60
        while not self.is_there():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError(f"moto does not serve: {self.log.read().decode()}")
            time.sleep(0.05)

    def is_there(self):
        try:
            urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=30).close()
        except OSError:
            return False
        return True

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def client(self, service):
        keys = {"aws_access_key_id": "AKIDOTHER", "aws_secret_access_key": "any"}
        return boto3.session.Session().client(service, endpoint_url=self.url, region_name=REGION, **keys)


def passed(parameters):
    """Parameters in the Amazon States Language: what begins with $. or States. is a path."""
    if isinstance(parameters, list):
        return [passed(one) for one in parameters]
    if not isinstance(parameters, dict):
        return parameters
    is_path = lambda value: isinstance(value, str) and value.startswith(("$.", "$$.", "States."))
    return {f"{name}.$" if is_path(value) else name: passed(value) for name, value in parameters.items()}


def at(value, path):
    for part in path.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return value


class AwsTest(ApiTest):
    """A test with a server that calls AWS somewhere else."""

    def run_of(self, machine, given=None):
        return self.client.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), name=fresh("e"))["executionArn"]

    def task(self, resource, parameters, **fields):
        state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": passed(parameters), "End": True, **fields}
        return self.machine({"StartAt": "T", "States": {"T": state}})

    def outcome(self, resource, parameters, **fields):
        """What one task comes to."""
        return self.ended(self.run_of(self.task(resource, parameters, **fields)))

    def output(self, resource, parameters, **fields):
        found = self.outcome(resource, parameters, **fields)
        self.assertEqual(found["status"], "SUCCEEDED", found)
        return json.loads(found["output"])

    def failure(self, resource, parameters, **fields):
        found = self.outcome(resource, parameters, **fields)
        self.assertEqual(found["status"], "FAILED", found)
        return found["error"], found["cause"]


class Services(AwsTest):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.server = Server("--call-aws", "--region", REGION, environment={**KEYS, **ALONE, "AWS_ENDPOINT_URL": cls.moto.url})
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()
        cls.moto.stop()

    def test_one_definition_for_each_service(self):
        running = {}
        for service, (steps, _) in SERVICES.items():
            states = {}
            for (action, parameters), following in zip(steps, [*steps[1:], None]):
                goes_on = {"Next": following[0]} if following else {"End": True}
                resource = f"arn:aws:states:::aws-sdk:{service}:{action}"
                states[action] = {"Type": "Task", "Resource": resource, "Parameters": passed(parameters), "ResultPath": f"$.{action}", **goes_on}
            running[service] = self.run_of(self.machine({"StartAt": steps[0][0], "States": states}))
        for service, arn in running.items():
            with self.subTest(service):
                found = self.ended(arn, within=60)
                self.assertEqual(found["status"], "SUCCEEDED", found.get("cause"))
                path, expected = SERVICES[service][1]
                self.assertEqual(at(json.loads(found["output"]), path), expected)
        self.assertGreaterEqual(len(running), 40)

    def test_optimised_integrations_have_the_answers_head_in_their_result(self):
        queue = self.moto.client("sqs").create_queue(QueueName="optimised")["QueueUrl"]
        sent = self.output("sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"dish": "pie", "count": 2}})
        self.assertEqual(sent["SdkHttpMetadata"]["HttpStatusCode"], 200)
        headers = sent["SdkHttpMetadata"]["HttpHeaders"]
        self.assertEqual(sent["SdkHttpMetadata"]["AllHttpHeaders"]["Content-Type"], [headers["Content-Type"]])
        self.assertIn("RequestId", sent["SdkResponseMetadata"])
        received = self.moto.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
        self.assertEqual((received["MessageId"], json.loads(received["Body"])), (sent["MessageId"], {"dish": "pie", "count": 2}))
        topic = self.moto.client("sns").create_topic(Name="optimised")["TopicArn"]
        self.assertIn("MessageId", self.output("sns:publish", {"TopicArn": topic, "Message": {"dish": "pie"}}))
        entry = {"Source": "kitchen", "DetailType": "done", "Detail": {"dish": "pie"}}
        self.assertEqual(self.output("events:putEvents", {"Entries": [entry]})["FailedEntryCount"], 0)
        self.moto.client("dynamodb").create_table(
            TableName="optimised", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        )
        item = {"Id": {"S": "1"}, "Paid": {"BOOL": True}, "Tags": {"SS": ["a"]}}
        key = {"TableName": "optimised", "Key": {"Id": {"S": "1"}}}
        self.output("dynamodb:putItem", {"TableName": "optimised", "Item": item})
        self.assertEqual(self.output("dynamodb:getItem", key)["Item"], item)
        values = {":n": {"N": "3"}}
        changed = self.output("dynamodb:updateItem", {**key, "UpdateExpression": "SET Price = :n", "ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW"})
        self.assertEqual(changed["Attributes"]["Price"], {"N": "3"})
        put = {"TableName": "optimised", "Item": item, "ConditionExpression": "attribute_not_exists(Id)"}
        error, cause = self.failure("dynamodb:putItem", put)
        self.assertEqual(error, "DynamoDB.ConditionalCheckFailedException")
        self.assertIn("(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException;", cause)
        self.output("dynamodb:deleteItem", key)
        self.assertNotIn("Item", self.output("dynamodb:getItem", key))

    def test_errors_are_named_as_their_services_name_them(self):
        key = {"Id": {"S": "1"}}
        error, cause = self.failure("aws-sdk:dynamodb:getItem", {"TableName": "none", "Key": key})
        self.assertEqual(error, "DynamoDb.ResourceNotFoundException")
        self.assertIn("(Service: DynamoDb, Status Code: 400, Request ID: ", cause)
        for resource, parameters, expected in [
            ("aws-sdk:s3:getObject", {"Bucket": "nobodys", "Key": "k"}, "S3.NoSuchBucketException"),
            ("aws-sdk:s3:headBucket", {"Bucket": "nobodys"}, "S3.NoSuchBucketException"),
            ("aws-sdk:lambda:getFunction", {"FunctionName": "none"}, "Lambda.ResourceNotFoundException"),
            ("aws-sdk:iam:getRole", {"RoleName": "none"}, "Iam.NoSuchEntityException"),
            ("aws-sdk:ec2:describeVpcs", {"VpcIds": ["vpc-none"]}, "Ec2.Ec2Exception"),
        ]:
            with self.subTest(resource):
                self.assertEqual(self.failure(resource, parameters)[0], expected)
        caught = {"Catch": [{"ErrorEquals": ["S3.NoSuchBucketException"], "Next": "C"}]}
        state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:headBucket", "Parameters": {"Bucket": "nobodys"}, "End": True}
        machine = self.machine({"StartAt": "T", "States": {"T": {**state, **caught}, "C": {"Type": "Succeed"}}})
        self.assertEqual(self.ended(self.run_of(machine))["status"], "SUCCEEDED")

    def test_what_fits_no_action_is_refused_before_anything_is_sent(self):
        for resource, parameters, expected in [
            ("aws-sdk:sqss:sendMessage", {}, 'there is no service "sqss": "sqs"?'),
            ("aws-sdk:sqs:sendMesage", {}, 'there is no action of SQS "sendMesage": "sendMessage"?'),
            ("aws-sdk:sqs:sendMessage", {"QueueUrl": "q"}, 'The field "MessageBody" is required but was missing'),
            ("aws-sdk:sqs:sendMessage", {"QueueUrl": "q", "MessageBody": {}}, 'The value for the field "MessageBody" must be text, and is an object'),
            ("dynamodb:getItem", {"TableName": "t", "Key": {}, "Kex": 1}, 'The field "Kex" is not supported by Step Functions'),
            ("ecs:runTask.sync", {"TaskDefinition": "t"}, "ecs:runTask.sync cannot be called"),
        ]:
            with self.subTest(resource):
                error, cause = self.failure(resource, parameters)
                self.assertEqual(error, "States.Runtime")
                self.assertIn(expected, cause)

    def test_a_task_is_told_that_its_message_is_sent_and_waits_for_its_token(self):
        queue = self.moto.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
        for resource in ("sqs:sendMessage.waitForTaskToken", "aws-sdk:sqs:sendMessage.waitForTaskToken"):
            with self.subTest(resource):
                arn = self.run_of(self.task(resource, {"QueueUrl": queue, "MessageBody": "$$.Task.Token"}))
                sqs = self.moto.client("sqs")
                message = self.until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), bool)[0]
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

                def submitted():
                    events = self.client.get_execution_history(executionArn=arn, includeExecutionData=True)["events"]
                    return [event["taskSubmittedEventDetails"] for event in events if event["type"] == "TaskSubmitted"]

                told = json.loads(self.until(submitted, bool)[0]["output"])
                self.assertEqual(told["MessageId"], message["MessageId"])
                self.client.send_task_success(taskToken=message["Body"], output='"done"')
                self.assertEqual(self.ended(arn)["output"], '"done"')
        error, _ = self.failure("sqs:sendMessage.waitForTaskToken", {"QueueUrl": f"{queue}-none", "MessageBody": "$$.Task.Token"})
        self.assertEqual(error, "SQS.QueueDoesNotExistException")

    def test_nothing_secret_is_in_history_or_log(self):
        arn = self.run_of(self.task("aws-sdk:sts:getCallerIdentity", {}))
        self.ended(arn)
        shown = json.dumps(self.client.get_execution_history(executionArn=arn, includeExecutionData=True), default=str)
        shown += (pathlib.Path(self.server.folder) / "log").read_text()
        shown += "".join(path.read_bytes().decode("latin-1") for path in pathlib.Path(self.server.folder).glob("workflows.db*"))
        for secret in (KEYS["AWS_SECRET_ACCESS_KEY"], KEYS["AWS_SESSION_TOKEN"]):
            self.assertNotIn(secret, shown)


class Holds(http.server.BaseHTTPRequestHandler):
    """Notes what it is asked, and answers once it may."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.headers, body))
        self.server.may_answer.wait(60)
        answer = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except OSError:
            pass

    do_GET = do_PUT = do_POST

    def log_message(self, *_):
        pass


def holding(answer):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Holds)
    server.daemon_threads = True
    server.asked, server.may_answer, server.answer = [], threading.Event(), answer
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    return server


class Held(AwsTest):
    def setUp(self):
        self.web = holding({"Name": "key", "ARN": "arn", "VersionId": "1"})
        self.addCleanup(self.web.server_close)
        self.addCleanup(self.web.shutdown)

    def serve(self, *flags, program=Server, **environment):
        self.server = program("--call-aws", *flags, environment={**KEYS, **ALONE, **environment})
        self.addCleanup(self.server.kill)
        self.client = self.server.client()

    def test_a_call_in_flight_is_made_again_after_a_kill_with_the_same_token(self):
        self.serve(AWS_ENDPOINT_URL=self.web.url)
        machine = self.task("aws-sdk:secretsmanager:createSecret", {"Name": "key", "SecretString": "hush"})
        arn = self.run_of(machine)
        self.until(lambda: len(self.web.asked), lambda count: count == 1)
        self.server.kill()
        self.server.start()
        self.client = self.server.client()
        self.until(lambda: len(self.web.asked), lambda count: count == 2)
        self.web.may_answer.set()
        self.assertEqual(json.loads(self.ended(arn)["output"]), {"Name": "key", "Arn": "arn", "VersionId": "1"})
        events = self.client.get_execution_history(executionArn=arn)["events"]
        self.assertEqual([event["type"] for event in events].count("TaskSucceeded"), 1)
        # Another call is another.
        self.ended(self.run_of(machine))
        tokens = [json.loads(body)["ClientRequestToken"] for _, body in self.web.asked]
        self.assertEqual([tokens[0] == tokens[1], tokens[1] == tokens[2]], [True, False], tokens)

    def test_a_task_ends_in_its_own_time_and_a_call_in_the_servers(self):
        self.serve("--aws-timeout-s", "1", AWS_ENDPOINT_URL=self.web.url)
        self.assertEqual(self.failure("aws-sdk:secretsmanager:listSecrets", {}), ("SecretsManager.SdkClientException", "Unable to execute HTTP request: no answer within 1 s"))
        state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues", "TimeoutSeconds": 1, "End": True}
        self.serve(AWS_ENDPOINT_URL=self.web.url)
        found = self.ended(self.run_of(self.machine({"StartAt": "T", "States": {"T": state}})))
        self.assertEqual((found["status"], found["error"]), ("FAILED", "States.Timeout"))

    def test_endpoints_and_regions_are_where_awss_clients_have_them(self):
        self.web.may_answer.set()
        other = holding({})
        other.may_answer.set()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        folder = tempfile.mkdtemp(prefix="duet-api.")
        file = pathlib.Path(folder) / "config"
        file.write_text(
            f"[profile dev]\nregion = eu-north-1\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\nservices = local\n"
            f"endpoint_url = {self.web.url}\n[services local]\nsqs =\n  endpoint_url = {other.url}\n"
        )
        self.server = Server("--call-aws", environment={**ALONE, "AWS_CONFIG_FILE": str(file), "AWS_PROFILE": "dev"})
        self.addCleanup(self.server.kill)
        self.client = self.server.client()
        self.output("aws-sdk:sqs:listQueues", {})
        self.output("aws-sdk:secretsmanager:listSecrets", {})
        self.assertEqual((len(other.asked), len(self.web.asked)), (1, 1))
        scope = self.web.asked[0][0]["authorization"].partition("Credential=")[2].split("/")
        self.assertEqual((scope[0], scope[2], scope[3]), ("AKIDFILE", "eu-north-1", "secretsmanager"))
        self.serve("--region", "eu-south-1", AWS_ENDPOINT_URL=self.web.url, AWS_ENDPOINT_URL_SECRETS_MANAGER=other.url)
        self.output("aws-sdk:secretsmanager:listSecrets", {})
        self.assertEqual((len(other.asked), len(self.web.asked)), (2, 1))
        self.assertIn("/eu-south-1/secretsmanager/", other.asked[1][0]["authorization"])

    def test_without_credentials_a_task_fails(self):
        self.server = Server("--call-aws", environment={**ALONE, "AWS_ENDPOINT_URL": self.web.url})
        self.addCleanup(self.server.kill)
        self.client = self.server.client()
        error, cause = self.failure("aws-sdk:sqs:listQueues", {})
        self.assertEqual(error, "Sqs.SdkClientException")
        self.assertIn("Unable to load credentials from any of the providers", cause)
        self.assertEqual(self.web.asked, [])

    def test_without_the_flag_nothing_is_called(self):
        self.server = Server(environment={**KEYS, **ALONE, "AWS_ENDPOINT_URL": self.web.url})
        self.addCleanup(self.server.kill)
        self.client = self.server.client()
        for resource in ("aws-sdk:sqs:listQueues", "sqs:sendMessage"):
            error, cause = self.failure(resource, {"QueueUrl": "q", "MessageBody": "m"} if resource[0] == "s" else {})
            self.assertEqual(error, "States.Runtime")
            self.assertIn("(--call-aws)", cause)
        self.assertEqual(self.web.asked, [])

    def test_the_orchestrator_calls_as_well(self):
        self.web.may_answer.set()
        self.serve(program=Orchestrator, AWS_ENDPOINT_URL=self.web.url)
        self.output("aws-sdk:secretsmanager:listSecrets", {})
        self.assertEqual(len(self.web.asked), 1)
