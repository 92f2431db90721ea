"""JSON Schema of the configuration, for the connectors that are installed: what editors complete from.

Draft-07, which TOML editors understand. They follow no reference beside other keywords, so models are
written where they stand; and they complete from alternatives, but not from conditions, so a connection's
options are both: each connector's as an alternative, and what holds as a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from passback.contract import CONNECTORS, Connector
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.host.config.drafts import NAME
from passback.host.config.tables import ConnectionConfig
from passback.host.config.whole import Config
from passback.plugins import LoadReport, load

__all__ = ["config_schema", "installed_connectors"]

Schema: TypeAlias = dict[str, Any]

_REFERENCES: Mapping[str, str] = {
    "env": "The environment variable that holds it.",
    "file": "The file that holds it, relative to the configuration.",
    "vault": "What an observer finds it by.",
}
_SCALARS = ("string", "boolean", "integer", "number")
# pydantic's titles repeat the names.
_LEFT_OUT = ("title",)
# What says something about a value rather than restricting it.
_NOTES = ("description", "default", "examples", "writeOnly", "deprecated")
_TABLES_OF_SCHEMAS = ("properties", "patternProperties")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf")
_SCHEMAS = ("additionalProperties", "additionalItems", "contains", "items", "not")


def installed_connectors() -> LoadReport:
    """Return what becomes of every connector that is installed, each of them imported."""
    names = {each.name for each in load(CONNECTORS, ()).entries}
    return load(CONNECTORS, sorted(names))


def config_schema() -> Schema:
    """Return the JSON Schema (draft-07) of the configuration with the installed connectors' options."""
    report = installed_connectors()
    names = sorted({each.name for each in report.entries})
    options = {name: _options_of(report, name) for name in names}
    whole = _schema_of(Config, options=False)
    connection = _schema_of(ConnectionConfig, options=False)
    properties = connection["properties"]
    about = [f"{name}: {options[name]['description']}" for name in names]
    properties["connector"] |= {
        "enum": names,
        "description": "\n\n".join([properties["connector"]["description"], *about]),
        "x-taplo": {"docs": {"enumValues": about}},
    }
    properties["options"] = {
        "type": "object",
        "description": properties["options"]["description"],
        "anyOf": [*({"$ref": f"#/definitions/options-of-{name}"} for name in names), {}],
    }
    whole["properties"]["connections"] |= {
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": connection | _conditions(options),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The configuration of a host of Passback",
        **whole,
        "definitions": {
            **{f"reference-to-{kind}": _reference(kind) for kind in _REFERENCES},
            **{f"options-of-{name}": each for name, each in options.items()},
        },
    }


def _conditions(options: Mapping[str, Schema]) -> Schema:
    """Return that the options are those of the connector that is named."""
    chain: Schema = {}
    for name, each in reversed(list(options.items())):
        holds: Schema = {"properties": {"options": {"$ref": f"#/definitions/options-of-{name}"}}}
        if each.get("required"):
            holds["required"] = ["options"]
        named = {"properties": {"connector": {"const": name}}, "required": ["connector"]}
        chain = {"if": named, "then": holds} | ({"else": chain} if chain else {})
    return chain


def _options_of(report: LoadReport, name: str) -> Schema:
    entry = report.ready(name)
    if entry is None or entry.plugin is None or not issubclass(entry.plugin, Connector):
        return {"type": "object", "description": report.why_not(name)}
    said = (entry.plugin.__doc__ or "").strip().partition("\n")[0]
    try:
        # A model may bring its own code for this.
        with contained(f"the options of connector {name!r}"):
            schema = _schema_of(entry.plugin.options_type, options=True)
    except (ConnectionFailure, ContractError):
        return {"type": "object", "description": said}
    return {**schema, "description": said}


def _schema_of(model: type[BaseModel], *, options: bool) -> Schema:
    schema = model.model_json_schema()
    return _Writer(schema.pop("$defs", {}), options=options).written(schema)


class _Writer:
    """Writes pydantic's schema of one model as draft-07, each reference to a model as that model's schema."""

    def __init__(self, models: Mapping[str, Schema], *, options: bool) -> None:
        self._models = models
        self._options = options

    def written(self, schema: Schema, within: tuple[str, ...] = ()) -> Schema:
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            # A model that holds itself is described once.
            model = {"type": "object"} if name in within else self._models[name]
            return self.written({**model, **beside}, (*within, name))
        node = {key: self._value(key, value, within) for key, value in schema.items() if key not in _LEFT_OUT}
        if "prefixItems" in node:
            items = node.pop("items", None)
            node["items"] = [self.written(each, within) for each in node.pop("prefixItems")]
            node |= {"additionalItems": items} if items is not None else {}
        if node.get("default", ...) is None or isinstance(node.get("default"), dict):
            del node["default"]
        if "description" in node:
            node["description"] = node["description"].partition("\n\n")[0]
        if len(node.get("anyOf", ())) == 1:
            node = {**node.pop("anyOf")[0], **node}
        return _referable(node) if self._options and node.get("type") in _SCALARS else node

    def _value(self, key: str, value: Any, within: tuple[str, ...]) -> Any:  # noqa: ANN401 - any keyword's
        if key in _TABLES_OF_SCHEMAS:
            return {name: self.written(each, within) for name, each in value.items()}
        if key in _LISTS_OF_SCHEMAS:
            # TOML has no null.
            return [self.written(each, within) for each in value if each != {"type": "null"}]
        return self.written(value, within) if key in _SCHEMAS and isinstance(value, dict) else value


def _referable(scalar: Schema) -> Schema:
    """Return the schema of what is `scalar`, or a reference to it."""
    notes = {key: value for key, value in scalar.items() if key in _NOTES}
    itself = {key: value for key, value in scalar.items() if key not in _NOTES}
    return {
        **notes,
        "anyOf": [itself, *({"$ref": f"#/definitions/reference-to-{kind}"} for kind in _REFERENCES)],
    }


def _reference(kind: str) -> Schema:
    return {
        "type": "object",
        "properties": {kind: {"type": "string", "description": _REFERENCES[kind]}},
        "required": [kind],
        "additionalProperties": False,
    }
