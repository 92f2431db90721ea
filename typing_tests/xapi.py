"""What a user of the xAPI converters sees: checked by mypy, never run."""

from typing import assert_type

from passback import JSONValue, Result
from passback_xapi import XapiOptions, from_statement, to_statement


def there_and_back(result: Result, options: XapiOptions) -> None:
    said = to_statement(result, options)
    assert_type(said, dict[str, JSONValue])
    assert_type(from_statement(said), Result)
