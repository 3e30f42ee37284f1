"""Empty tables and buckets for what is published, and made-up students to publish. Knows no figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.faces import DIMENSIONS, unit
from recognition.gallery import Gallery, make_gallery
from recognition.roster import Consent, Student

TEMPLATES = 3
SCATTER = 0.25  # of a student's photographs about their middle; their similarity is then about 0.94
SECTION = 50  # students on a section's roster
CONSENT = Consent("the school office", "2026-01-01")


@dataclass(frozen=True, slots=True)
class Store:
    """A table and a bucket with nothing in them yet, and ours that read and write them."""

    s3: Any
    dynamodb: Any
    name: str

    @property
    def roster(self) -> DynamoRoster:
        return DynamoRoster(self.dynamodb, self.name)

    @property
    def erased(self) -> S3Erased:
        return S3Erased(self.s3, self.name)

    def galleries(self) -> S3Galleries:
        """As a function that has read none yet."""
        return S3Galleries(self.s3, self.name)


@dataclass(frozen=True, slots=True)
class Stores:
    """Makes stores on whatever the clients speak to."""

    s3: Any
    dynamodb: Any
    numbers: count[int]

    def empty(self) -> Store:
        """A new one."""
        name = f"bench-publish-{next(self.numbers)}"
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return Store(self.s3, self.dynamodb, name)


def made_up(students: int) -> tuple[Gallery, list[Student]]:
    """So many students with three templates each, all of them consenting, in sections of fifty."""
    chance = np.random.default_rng(1)
    middles = unit(chance.normal(size=(students, 1, DIMENSIONS)))
    shown = middles + SCATTER * unit(chance.normal(size=(students, TEMPLATES, DIMENSIONS)))
    gallery = make_gallery({f"student-{n:06}": list(of) for n, of in enumerate(unit(shown))})
    rows = [
        Student(each, f"Student {n}", "mathematics", "senior", CONSENT, (f"section-{n // SECTION}",))
        for n, each in enumerate(gallery.student_ids)
    ]
    return gallery, rows
