// A state machine as AWS CDK writes it: prints the CloudFormation template that it becomes, which is kept as template.json.
//
//   npm --prefix tests/api/cdk ci && npm --prefix tests/api/cdk run --silent synth > tests/api/cdk/template.json
import { App, Duration, Stack } from "aws-cdk-lib";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import * as tasks from "aws-cdk-lib/aws-stepfunctions-tasks";

const app = new App({ analyticsReporting: false, treeMetadata: false });
const stack = new Stack(app, "Orders");
const activity = new sfn.Activity(stack, "Activity", { activityName: "cdk-pack" });

const price = new sfn.Pass(stack, "Price it", {
  parameters: { "name.$": "$.item.name", "price.$": "States.MathAdd($.item.price, 1)" },
});
const each = new sfn.Map(stack, "Each item", {
  itemsPath: sfn.JsonPath.stringAt("$.items"),
  itemSelector: { item: sfn.JsonPath.objectAt("$$.Map.Item.Value") },
  maxConcurrency: 2,
  resultPath: "$.items",
}).itemProcessor(price);

const both = new sfn.Parallel(stack, "At once", { resultPath: "$.both" })
  .branch(new sfn.Pass(stack, "Left", { result: sfn.Result.fromString("left") }))
  .branch(
    new sfn.Wait(stack, "A moment", { time: sfn.WaitTime.duration(Duration.seconds(1)) }).next(
      new sfn.Pass(stack, "Right", { result: sfn.Result.fromObject({ right: [1, 2.5] }) }),
    ),
  );

const pack = new tasks.StepFunctionsInvokeActivity(stack, "Pack", {
  activity,
  parameters: { count: sfn.JsonPath.arrayLength(sfn.JsonPath.objectAt("$.items")) },
  heartbeatTimeout: sfn.Timeout.duration(Duration.seconds(30)),
  taskTimeout: sfn.Timeout.duration(Duration.minutes(5)),
  resultPath: "$.packed",
});
pack.addRetry({
  errors: ["Busy"],
  interval: Duration.seconds(1),
  maxAttempts: 1,
  backoffRate: 2,
  maxDelay: Duration.seconds(5),
  jitterStrategy: sfn.JitterType.NONE,
});
const gaveUp = sfn.Pass.jsonata(stack, "Gave up", {
  outputs: { error: "{% $states.input.failure.Error %}" },
});
pack.addCatch(gaveUp.next(new sfn.Fail(stack, "Not packed", { error: "NotPacked", cause: "nobody packs" })), {
  errors: ["States.ALL"],
  resultPath: "$.failure",
});

const kind = new sfn.Choice(stack, "Which kind?")
  .when(
    sfn.Condition.and(
      sfn.Condition.isPresent("$.express"),
      sfn.Condition.booleanEquals("$.express", true),
      sfn.Condition.not(sfn.Condition.stringMatches("$.to", "no*")),
    ),
    both.next(pack),
  )
  .otherwise(new sfn.Succeed(stack, "By post"));
pack.next(new sfn.Succeed(stack, "Packed"));

new sfn.StateMachine(stack, "Machine", {
  stateMachineName: "cdk-orders",
  definitionBody: sfn.DefinitionBody.fromChainable(each.next(kind)),
  timeout: Duration.minutes(10),
  comment: "Orders, as CDK has them",
  tracingEnabled: true,
});

const { template } = app.synth().getStackByName("Orders");
process.stdout.write(JSON.stringify(template, null, 1));
