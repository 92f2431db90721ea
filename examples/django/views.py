"""Report results from Django's views; ``passback work`` beside the server delivers them."""

import attrs
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST
from forms import Completion

from passback import BlockingPassback, ContentConflict, Selection

pb = BlockingPassback.from_file("passback.toml", deliver=False)  # one for all threads, and before any fork


@require_POST
def complete(request: HttpRequest) -> JsonResponse:
    """Take a completion in: when this answers, it's on disk."""
    form = Completion(request.POST)
    if not form.is_valid():
        return JsonResponse(form.errors, status=422)
    try:
        return JsonResponse({"id": pb.submit(form.result).result_id}, status=202)
    except ContentConflict as error:
        return JsonResponse({"id": [str(error)]}, status=422)


def result(_: HttpRequest, result_id: str) -> JsonResponse:
    """Say where a result stands: one delivery for each connection it goes to."""
    found = pb.deliveries(Selection(results=[result_id]))
    return JsonResponse([attrs.asdict(each) for each in found], safe=False)


def learner(_: HttpRequest, learner_id: str) -> JsonResponse:
    """Say where a learner stands in each activity, and how much of it was delivered."""
    return JsonResponse([attrs.asdict(each) for each in pb.results(learner_id)], safe=False)
