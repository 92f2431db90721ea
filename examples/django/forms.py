"""What a client says, as a Django form, and as a result."""

from datetime import UTC, datetime
from uuid import uuid4

from django import forms

from passback import Activity, InvalidResult, Learner, Result, Score


class Completion(forms.Form):
    """A learner completed an activity; with an id and a time of its own it may be sent again."""

    learner = forms.CharField()
    activity = forms.CharField()
    score = forms.FloatField(required=False)
    id = forms.CharField(required=False)
    at = forms.DateTimeField(required=False)
    result: Result

    def clean(self) -> None:
        """Make the result; what is wrong with it is said beside its field."""
        if self.errors:
            return
        said = self.cleaned_data
        if said["id"] and not said["at"]:
            self.add_error("at", "missing; an id stands for one fact, and that has one time")
            return
        try:
            self.result = Result(
                id=said["id"] or str(uuid4()),
                kind="completed",
                learner=Learner(id=said["learner"]),
                activity=Activity(id=said["activity"]),
                score=None if said["score"] is None else Score(scaled=said["score"]),
                at=said["at"] or datetime.now(UTC),
            )
        except InvalidResult as error:
            self.add_error(error.field.partition(".")[0], error.problem)
