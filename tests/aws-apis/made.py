"""Values made up from AWS's models, the same for the same seed, and what Step Functions calls them."""

import datetime
import random


DEPTH = 3
# Where shapes that need themselves end.
ABYSS = 16
TEXTS = ["one", "a b", "x/y?z=1&k", 'quote " and <tag>', "Zürich é", "semi;colon, comma"]
PLAIN = ["one", "two-2", "three.3"]
# What a Java class cannot name: its generator puts Value behind it.
RESERVED = set(
    "abstract assert boolean break byte case catch char class const continue default do double else enum extends false "
    "final finally float for goto if implements import instanceof int interface long native new null package private "
    "protected public return short static strictfp super switch synchronized this throw throws transient true try void "
    "volatile while equals finalize getclass hashcode notify notifyall tostring wait builder sdkfields tobuilder "
    "overrideconfiguration sdkhttpresponse".split()
)


def small(name):
    """Utils.unCapitalize of the AWS SDK for Java 2's code generator."""
    end = 1
    while end < len(name) and name[end].isupper() and not (end < len(name) - 1 and name[end + 1].islower()):
        end += 1
    return name[:end].lower() + name[end:]


def sdk_name(member):
    name = small(member)
    if name.lower() in RESERVED:
        name += "Value"
    return name[0].upper() + name[1:]


def renamed(shape, member):
    """What the SDK calls a member, also where its customization.config has a name of its own for it (of DynamoDB)."""
    return "Nul" if (shape, member) == ("AttributeValue", "NULL") else sdk_name(member)


class Maker:
    """Makes values of shapes. Every member, down to a depth; below it what is required."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, shape, depth=0, name="", open_shapes=()):
        kind = shape.type_name
        make = getattr(self, f"make_{kind}", None)
        if make:
            return make(shape, depth, name, open_shapes)
        if kind in ("integer", "long"):
            least = int(shape.metadata.get("min", 0))
            most = int(shape.metadata.get("max", least + (100 if kind == "integer" else 10**12)))
            return self.random.randint(least, min(max(most, least), least + 10**12))
        if kind in ("float", "double"):
            return max(self.random.choice([0.5, 1.25, 3.0]), float(shape.metadata.get("min", 0)))
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind == "timestamp":
            moment = datetime.datetime(2024, 2, 29, 12, 30, self.random.randint(0, 59), tzinfo=datetime.timezone.utc)
            return moment.replace(microsecond=self.random.choice([0, 250000]))
        if kind == "blob":
            return self.random.choice(TEXTS).ljust(int(shape.metadata.get("min", 0)), "x").encode()
        raise NotImplementedError(kind)

    def make_string(self, shape, depth, name, open_shapes):
        if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
            return {"key": ["value", 1]}
        if shape.serialization.get("hostLabel"):
            return "label-1"
        if shape.enum:
            return self.random.choice(shape.enum)
        is_plain = shape.serialization.get("location") in ("header", "headers")
        text = self.random.choice(PLAIN if is_plain else TEXTS)
        return text.ljust(int(shape.metadata.get("min", 0)), "x")

    def make_structure(self, shape, depth, name, open_shapes):
        if shape.is_document_type:
            return {"any": [1, {"camelCase": "x"}, True]}
        if depth > ABYSS:
            return {}
        members = list(shape.members)
        required = set(shape.required_members)
        if depth >= DEPTH or open_shapes.count(shape.name) > 1:
            members = [member for member in members if member in required]
        if shape.is_tagged_union:
            members = [self.random.choice(self.ends(shape, open_shapes) if depth >= DEPTH else members)]
        inside = (*open_shapes, shape.name)
        return {
            member: self.value(shape.members[member], depth + 1, member, inside)
            for member in members
            if not (depth == 0 and "idempotencyToken" in shape.members[member].metadata)
        }

    @staticmethod
    def ends(shape, open_shapes):
        """The members of a union that lead nowhere, or to where nothing has been yet, or only to lists, which may be empty."""
        kinds = shape.members
        scalars = [name for name, member in kinds.items() if member.type_name not in ("structure", "list", "map")]
        new = [name for name, member in kinds.items() if member.type_name == "structure" and member.name not in open_shapes]
        flat = [name for name, member in kinds.items() if member.type_name != "structure"]
        return scalars or [name for name in new if not kinds[name].is_tagged_union] or new or flat or list(kinds)

    def make_list(self, shape, depth, name, open_shapes):
        least = int(shape.metadata.get("min", 0))
        if depth > DEPTH + 4 and least == 0 or depth > ABYSS:
            return []
        count = max(least, self.random.randint(1, 2) if depth <= DEPTH else 1)
        return [self.value(shape.member, depth + 1, name, open_shapes) for _ in range(count)]

    def make_map(self, shape, depth, name, open_shapes):
        if depth > DEPTH + 4:
            return {}
        count = self.random.randint(1, 2)
        if shape.key.enum:
            keys = shape.key.enum[:count]
        else:
            keys = [f"key{place}".ljust(int(shape.key.metadata.get("min", 0)), "x") for place in range(count)]
        return {key: self.value(shape.value, depth + 1, name, open_shapes) for key in keys}


def moment(value):
    """Java's Instant as text."""
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    if value.microsecond:
        text += f".{value.microsecond:06d}" if value.microsecond % 1000 else f".{value.microsecond // 1000:03d}"
    return text + "Z"


def states(shape, value):
    """A value as a state has it: Step Functions' names, times and bytes as text."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return value
        known = [(name, inner) for name, inner in value.items() if name in shape.members]
        return {renamed(shape.name, name): states(shape.members[name], inner) for name, inner in known}
    if kind == "list":
        return [states(shape.member, inner) for inner in value]
    if kind == "map":
        return {key: states(shape.value, inner) for key, inner in value.items()}
    if isinstance(value, datetime.datetime):
        return moment(value.astimezone(datetime.timezone.utc))
    if isinstance(value, (bytes, bytearray)):
        return value.decode()
    return value


def action_name(operation):
    return small(operation)


