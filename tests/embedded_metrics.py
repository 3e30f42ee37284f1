"""CloudWatch's embedded metric format as its specification has it: the documents in what was printed, and their faults.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

UNITS = {"Count", "Milliseconds", "None"}  # of CloudWatch's, those we use
MAX_METRICS, MAX_VALUES, MAX_DIMENSIONS, MAX_BYTES = 100, 100, 30, 1 << 20

Document = dict[str, Any]


def documents_in(printed: str) -> list[Document]:
    """Each line of the function's standard output; a line that is no JSON object is an error."""
    found = [json.loads(line) for line in printed.splitlines()]
    assert all(isinstance(each, dict) for each in found)
    return found


def faults_of(document: Document) -> list[str]:
    """What CloudWatch would not take, or Lambda not let through; empty when all is well."""
    inner = [fault for each in _directives(document) for fault in _faults(document, each)]
    return [*_envelope_faults(document), *inner]


def values_of(documents: list[Document], metric: str, **dimensions: str) -> list[float]:
    """Every value of a metric that has exactly these dimensions beside the function's name."""
    return [
        value
        for document in documents
        for directive in _directives(document)
        if metric in [each["Name"] for each in directive["Metrics"]]
        and {"FunctionName", *dimensions} in [set(each) for each in directive["Dimensions"]]
        and dimensions.items() <= document.items()
        for value in _listed(document[metric])
    ]


def combinations_of(documents: list[Document]) -> set[tuple[str, ...]]:
    """What is paid for each month: every metric with every combination of its dimensions' values."""
    return {
        (metric["Name"], *(f"{name}={document[name]}" for name in dimensions))
        for document in documents
        for directive in _directives(document)
        for metric in directive["Metrics"]
        for dimensions in directive["Dimensions"]
    }


def _directives(document: Document) -> list[Document]:
    return list(document["_aws"]["CloudWatchMetrics"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _envelope_faults(document: Document) -> Iterator[str]:
    if len(json.dumps(document)) > MAX_BYTES:
        yield "too long"
    if type(document["_aws"]["Timestamp"]) is not int:
        yield "the time is no whole number of milliseconds"
    told = document.get("timestamp", "")
    if not told.endswith("Z") or datetime.fromisoformat(told[:-1]).year < 2000:
        yield "without an RFC 3339 time Lambda takes the line for INFO"
    if document.get("level") not in {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}:
        yield "without a level Lambda takes the line for INFO"


def _faults(document: Document, directive: Document) -> Iterator[str]:
    if not 1 <= len(directive["Namespace"]) <= 1024:
        yield "no namespace"
    if not 1 <= len(directive["Metrics"]) <= MAX_METRICS:
        yield "no metric, or too many"
    for dimensions in directive["Dimensions"]:
        if len(dimensions) > MAX_DIMENSIONS:
            yield "too many dimensions"
        for name in dimensions:
            if not isinstance(document.get(name), str) or not 1 <= len(document[name]) <= 1024:
                yield f"dimension {name} has no text"
    for metric in directive["Metrics"]:
        values = _listed(document.get(metric["Name"]))
        if not 1 <= len(values) <= MAX_VALUES:
            yield f"{metric['Name']} has no values, or too many"
        if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
            yield f"{metric['Name']} has a value that is no number"
        if metric.get("Unit", "None") not in UNITS:
            yield f"{metric['Name']} has an unknown unit"
