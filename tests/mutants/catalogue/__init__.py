"""All mutants, by what they get wrong."""

from mutants.catalogue.answers import ANSWERS
from mutants.catalogue.batches import BATCHES
from mutants.catalogue.browsers import BROWSERS
from mutants.catalogue.buttons import BUTTONS
from mutants.catalogue.contents import CONTENTS
from mutants.catalogue.doors import DOORS
from mutants.catalogue.lives import LIVES
from mutants.catalogue.lookups import LOOKUPS
from mutants.catalogue.offers import OFFERS
from mutants.catalogue.quiet import QUIET
from mutants.catalogue.sending import SENDING
from mutants.catalogue.strangers import STRANGERS

MUTANTS = (
    *OFFERS,
    *BUTTONS,
    *ANSWERS,
    *LOOKUPS,
    *SENDING,
    *BATCHES,
    *CONTENTS,
    *BROWSERS,
    *DOORS,
    *STRANGERS,
    *QUIET,
    *LIVES,
)
