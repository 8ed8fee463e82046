// Checks the dashboards against Grafana's own schema (the package @grafana/schema, of the version that docker-compose.yml runs), and
// what is provisioned for what Grafana reads. Ends with 1, and a line for each mistake, if there is one.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { parse } from 'yaml';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const grafana = join(here, '../grafana');
const ajv = new Ajv({ allErrors: true, strict: false });
const problems = [];
let checked = 0;

const say = (file, text) => problems.push(`${relative(root, file)}: ${text}`);

function check(file, value, validate) {
  checked += 1;
  if (validate(value)) return;
  for (const error of validate.errors) {
    const extra = error.params?.additionalProperty ?? error.params?.allowedValue ?? '';
    say(file, `${error.instancePath || '/'} ${error.message} ${extra}`.trim());
  }
}

// For each type of dashboard.ts, what checks a value of it.
function validators(types) {
  const generator = createGenerator({
    path: join(here, 'dashboard.ts'), tsconfig: join(here, 'tsconfig.json'), type: '*',
    additionalProperties: false, skipTypeCheck: false, expose: 'none',
  });
  return Object.fromEntries(types.map((type) => [type, ajv.compile(generator.createSchema(type))]));
}

// What Grafana knows of provisioning files; what it does not know, it ignores.
const word = { type: 'string', minLength: 1 };
const only = (properties, required) => ({ type: 'object', additionalProperties: false, properties, required });
const list = (items) => ({ type: 'array', minItems: 1, items });
const datasources = only({
  apiVersion: { const: 1 },
  datasources: list(only({
    name: word, uid: word, type: { enum: ['prometheus'] }, access: { enum: ['proxy'] }, url: word,
    isDefault: { type: 'boolean' }, editable: { type: 'boolean' },
    jsonData: only({
      timeInterval: word, httpMethod: { enum: ['POST', 'GET'] },
      exemplarTraceIdDestinations: list(only({ name: word, url: word, urlDisplayLabel: word }, ['name', 'url'])),
    }, []),
  }, ['name', 'uid', 'type', 'access', 'url'])),
}, ['apiVersion', 'datasources']);
const providers = only({
  apiVersion: { const: 1 },
  providers: list(only({
    name: word, folder: word, type: { enum: ['file'] }, allowUiUpdates: { type: 'boolean' }, disableDeletion: { type: 'boolean' },
    options: only({ path: word }, ['path']),
  }, ['name', 'type', 'options'])),
}, ['apiVersion', 'providers']);


const boards = join(grafana, 'dashboards');
const valid = validators(['Dashboard', 'TimeSeries', 'Stat', 'Heatmap', 'BarGauge', 'Row']);
const kinds = { timeseries: valid.TimeSeries, stat: valid.Stat, heatmap: valid.Heatmap, bargauge: valid.BarGauge, row: valid.Row };
const uids = new Set();
for (const name of readdirSync(boards)) {
  const file = join(boards, name);
  const value = JSON.parse(readFileSync(file, 'utf8'));
  check(file, value, valid.Dashboard);
  for (const panel of value.panels) {
    const kind = kinds[panel.type];
    if (kind) check(`${file}, panel ${JSON.stringify(panel.title)}`, panel, kind);
    else say(file, `no panel is of the type ${panel.type}`);
  }
  if (uids.has(value.uid)) say(file, `another dashboard has the uid ${value.uid}`);
  uids.add(value.uid);
}

const yaml = (file) => parse(readFileSync(file, 'utf8'));
const provisioned = { datasources: ajv.compile(datasources), dashboards: ajv.compile(providers) };
const sources = new Set();
for (const [kind, validate] of Object.entries(provisioned)) {
  const folder = join(grafana, 'provisioning', kind);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const value = yaml(file);
    check(file, value, validate);
    value.datasources?.forEach((source) => sources.add(source.uid));
  }
}

// Every query goes to a data source that is provisioned.
for (const name of readdirSync(boards)) {
  const file = join(boards, name);
  for (const [, uid] of readFileSync(file, 'utf8').matchAll(/"datasource": \{[^}]*"uid": "([^"]*)"/g)) {
    if (!sources.has(uid)) say(file, `no data source ${uid} is provisioned`);
  }
}

// Prometheus is told of services that there are.
const { services } = yaml(join(root, 'docker-compose.yml'));
const targets = join(here, '../prometheus/targets');
for (const name of readdirSync(targets)) {
  const file = join(targets, name);
  for (const target of yaml(file).flatMap((group) => group.targets)) {
    checked += 1;
    if (!services[target.split(':')[0]]) say(file, `docker-compose.yml has no service for ${target}`);
  }
}

// What Jaeger's pipeline is made of is defined.
const jaegerFile = join(here, '../jaeger/config.yml');
const jaeger = yaml(jaegerFile);
for (const [kind, names] of Object.entries({ ...jaeger.service.pipelines.traces, extensions: jaeger.service.extensions })) {
  for (const name of names) {
    checked += 1;
    if (!(name in (jaeger[kind] ?? {}))) say(jaegerFile, `${kind} has no ${name}`);
  }
}
for (const storage of [jaeger.extensions.jaeger_query.storage.traces, jaeger.exporters.jaeger_storage_exporter.trace_storage]) {
  if (!jaeger.extensions.jaeger_storage.backends[storage]) say(jaegerFile, `there is no storage ${storage}`);
}

// The schema is that of the Grafana which runs.
const { image } = services.grafana;
const { devDependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
if (image !== `grafana/grafana:${devDependencies['@grafana/schema']}`) {
  say(join(here, 'package.json'), `the schema is of ${devDependencies['@grafana/schema']}, and what runs is ${image}`);
}

for (const problem of problems) console.error(problem);
console.log(`Grafana: ${checked} dashboards, panels and provisioning files checked, ${problems.length} mistakes`);
process.exit(problems.length === 0 && checked > 50 ? 0 : 1);
