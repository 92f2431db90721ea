"""Which user somebody is who signed in, as the portal's identity provider says."""

import pytest

from passback import Assertion, IdentityProposal, IdentityRequest, Learner

GUID = "7c3f1d52-aaaa-4bbb-8ccc-000000000001"
ANA = Learner(id="ana", external_id="E-1001", username="ana.b")


def assertion(subject="E-1001", **attributes):
    return Assertion(issuer="https://idp.example", subject=subject, attributes=attributes)


@pytest.mark.parametrize(
    ("identity", "said", "proposed"),
    [
        ({}, assertion(), IdentityProposal(user_id="E-1001", matched_by="external_id")),
        ({"gives": "guid"}, assertion(GUID), IdentityProposal(user_id=GUID, matched_by="id")),
        ({"gives": "guid"}, assertion(GUID.upper()), IdentityProposal(user_id=GUID, matched_by="id")),
        ({"gives": "guid"}, assertion("E-1001"), None),
        ({"gives": "username"}, assertion("ana.b"), IdentityProposal(user_id="ana.b", matched_by="username")),
        (
            {"attribute": "employeeNumber"},
            assertion("x", employeeNumber=("E-7",)),
            IdentityProposal(user_id="E-7", matched_by="external_id"),
        ),
        (
            {"attribute": "employeeNumber"},
            assertion("x", employeeNumber=("E-7", "E-7")),
            IdentityProposal(user_id="E-7", matched_by="external_id"),
        ),
        ({"attribute": "employeeNumber"}, assertion("x", employeeNumber=("E-7", "E-8")), None),
        ({"attribute": "employeeNumber"}, assertion("x", employeenumber=("E-7",)), None),
        ({"attribute": "employeeNumber"}, assertion("x", employeeNumber=("",)), None),
        ({}, None, IdentityProposal(user_id="E-1001", matched_by="external_id")),
        ({"gives": "username"}, None, IdentityProposal(user_id="ana.b", matched_by="username")),
        ({"gives": "guid"}, None, None),
    ],
)
def test_one_clear_word_of_the_provider_proposes_somebody_and_nothing_else_does(
    csod, identity, said, proposed
):
    request = IdentityRequest(learner=ANA, assertion=said)
    assert csod.connection(identity=identity).map_identity(request) == proposed


def test_of_whom_nothing_is_known_nobody_is_proposed(csod):
    assert csod.connection().map_identity(IdentityRequest(learner=Learner(id="x"))) is None
