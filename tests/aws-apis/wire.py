"""Answers made up as services write them, and bodies compared by what they mean."""

import base64
import io
import json
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore import parsers, serialize


class Answers(serialize.RestXMLSerializer):
    """XML as services answer it: a flattened list has the name of its elements, where these have one."""

    def _serialize_type_structure(self, xmlnode, params, shape, name):
        renamed = parsers.BaseXMLResponseParser()
        node = ElementTree.SubElement(xmlnode, name)
        self._add_xml_namespace(shape, node)
        for key, value in params.items():
            member = shape.members[key]
            if member.serialization.get("xmlAttribute"):
                node.attrib[member.serialization["name"]] = value
            elif "location" not in member.serialization:
                self._serialize(member, value, node, renamed._member_key_name(member, key))


def xml(shape, value, root):
    around = ElementTree.Element("")
    Answers()._serialize(shape, value, around, root)
    return list(around)[0]


def text_of(element):
    return ElementTree.tostring(element, encoding="utf-8")


def in_body(shape, value):
    return {name: inner for name, inner in value.items() if "location" not in shape.members[name].serialization}


def answer(model, operation, value):
    """Status, headers and body of an answer that says that value."""
    shape, protocol = operation.output_shape, model.resolved_protocol
    headers = [("x-amzn-requestid", "request-1")]
    status = operation.http.get("responseCode", 200)
    if shape is None:
        body = b"<R><r/></R>" if protocol in ("query", "ec2", "rest-xml") else b""
        return status, headers, body
    if protocol == "json":
        return status, headers, as_json(shape, value)
    if protocol == "smithy-rpc-v2-cbor":
        return status, headers, serialize.RpcV2CBORSerializer()._serialize_body_params(value, shape)
    if protocol == "ec2":
        return status, headers, text_of(xml(shape, value, operation.name + "Response"))
    if protocol == "query":
        root = ElementTree.Element(operation.name + "Response")
        wrapper = shape.serialization.get("resultWrapper")
        inner = xml(shape, value, wrapper or operation.name + "Response")
        root.append(inner)
        return status, headers, text_of(root if wrapper else inner)
    return rest(shape, value, protocol, status, headers)


def as_json(shape, value):
    body = {}
    serialize.RestJSONSerializer()._serialize(body, value, shape, "top")
    return json.dumps(body["top"]).encode()


def rest(shape, value, protocol, status, headers):
    writer = serialize.RestJSONSerializer()
    for name, inner in value.items():
        member = shape.members[name]
        location = member.serialization.get("location")
        key = member.serialization.get("name", name)
        if location == "header":
            headers.append((key, writer._convert_header_value(member, inner)))
        elif location == "headers":
            headers += [(key + end, text) for end, text in inner.items()]
    payload = shape.serialization.get("payload")
    if payload is None:
        inner, of = in_body(shape, value), shape
    elif payload not in value:
        return status, headers, b""
    else:
        inner, of = value[payload], shape.members[payload]
        if of.type_name in ("blob", "string"):
            return status, headers, inner if isinstance(inner, bytes) else inner.encode()
    if protocol == "rest-json":
        return status, headers, as_json(of, inner)
    return status, headers, text_of(xml(of, inner, of.serialization.get("name", "Root")))


def error(model, code, message, is_query):
    """An answer that is an error of that name."""
    protocol = model.resolved_protocol
    headers = [("x-amzn-requestid", "request-1")]
    if is_query:
        headers.append(("x-amzn-query-error", "Query.Name;Sender"))
    if protocol in ("json", "smithy-rpc-v2-cbor"):
        said = {"__type": f"com.amazonaws.service#{code}", "message": message}
        if protocol == "json":
            return 400, headers, json.dumps(said).encode()
        body = bytearray()
        writer = serialize.RpcV2CBORSerializer()
        body += bytes([0xA0 | len(said)])
        for name, text in said.items():
            for part in (name, text):
                writer._serialize_type_string(body, part, None, None)
        return 400, headers, bytes(body)
    if protocol == "rest-json":
        headers.append(("x-amzn-errortype", f"{code}:http://internal.amazon.com/"))
        return 400, headers, json.dumps({"Message": message}).encode()
    root = ElementTree.Element("Response" if protocol == "ec2" else "ErrorResponse")
    around = ElementTree.SubElement(root, "Errors") if protocol == "ec2" else root
    inner = ElementTree.SubElement(around, "Error")
    if model.service_name == "s3":
        root = inner
    ElementTree.SubElement(inner, "Code").text = code
    ElementTree.SubElement(inner, "Message").text = message
    return 400, headers, text_of(root)


def tree(element):
    text = (element.text or "").strip() if len(element) else element.text or ""
    return element.tag, sorted(element.attrib.items()), text, [tree(child) for child in element]


def meaning(protocol, headers, body):
    """What a request's body means, whatever the order of its members and the spelling of its numbers."""
    if not body:
        return None
    kind = {name.lower(): value for name, value in headers}.get("content-type", "")
    try:
        if kind.startswith("application/x-www-form-urlencoded"):
            return sorted(parse_qsl(body.decode(), keep_blank_values=True))
        if protocol == "smithy-rpc-v2-cbor":
            parser = parsers.RpcV2CBORParser()
            return parser.parse_data_item(io.BufferedReader(io.BytesIO(body)))
        if protocol == "rest-xml":
            return tree(ElementTree.fromstring(body))
        return json.loads(body)
    except (ValueError, ElementTree.ParseError):
        return body


def base64_of(body):
    return base64.b64encode(body).decode()
