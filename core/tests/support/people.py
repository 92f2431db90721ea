"""A system with users of its own, and what looks them up."""

from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
from scripted import Scripted, room

from passback import Delivered, IdentityProposal, Launch, Learner, NeedsLaunch, Unsupported, User, UserUnknown
from passback.host.lookups.looking import Lookup
from passback.host.running.bonding import Bonding
from passback.identity import ORDER, Launches, Seal

ANA = Learner(id="ana", email="Ana@example.com", external_id="E-1")
BEN = Learner(id="ben", email="ben@example.com")


def nobody_named(status):
    return Unsupported("it answered 501" if status else "no look-up is configured", status=status)


class Peopled(Scripted):
    """Takes results for its own users, and answers for those that a test gives it."""

    def __init__(self, context):
        super().__init__(context)
        self.users = []
        self.refuses = set()
        self.asked = []
        self.unlisted = None
        self.fails = {}
        self.proposes = lambda _: None
        self.listing = None
        self.behaviour = self.for_users

    def for_users(self, batch):
        return [self.receipt(each) for each in batch.deliveries]

    def receipt(self, delivery):
        if delivery.account is None or delivery.account.user_id in self.refuses:
            return UserUnknown(delivery.id, "nobody here")
        return Delivered(delivery.id, delivery.account.user_id)

    async def lookup_users(self, query):
        wanted = {name: value for name, value in attrs.asdict(query).items() if value is not None}
        self.asked.append(wanted)
        if self.unlisted is not None:
            raise self.unlisted
        if query.email in self.fails:
            raise self.fails[query.email]
        if self.listing is not None:
            await self.listing()
        for user in self.users:
            # As systems do: addresses are found however they are written.
            if all(str(getattr(user, name)).casefold() == value.casefold() for name, value in wanted.items()):
                yield user

    def map_identity(self, request):
        return self.proposes(request)


class Launched(Peopled):
    """Takes results with a launch's token: the learner's own first, then anybody's."""

    def __init__(self, context):
        super().__init__(context)
        self.good = set()

    def receipt(self, delivery):
        return self.by_token(delivery, self.offered)

    def for_users(self, batch):
        self.offered = batch.launches
        return super().for_users(batch)

    def by_token(self, delivery, offered):
        refused = []
        for launch in [*([delivery.launch] if delivery.launch else []), *offered]:
            if launch.parameters["token"] in self.good:
                token = launch.parameters["token"]
                return Delivered(delivery.id, token, launch=launch.id, refused=tuple(refused))
            refused.append(launch.id)
        return NeedsLaunch(delivery.id, "no token works", refused=tuple(refused))

    def read_launch(self, query):
        token = query.get("token")
        return None if token is None else Launch(user_id=query.get("user"), parameters={"token": token})


class Village:
    """A room, and what knows the people in it."""

    def __init__(self, here, order):
        self.here = here
        self.wanted = []
        self.launches = Launches(Seal(["a key that nobody guesses"]), timedelta(hours=2))
        here.around = attrs.evolve(
            here.around, equipment=Bonding(here.store, here.clock, self.launches, self.wanted.append)
        )
        self.lookup = Lookup(here.store, here.clock, here.lms, "default", order, "one")

    def __getattr__(self, name):
        return getattr(self.here, name)

    async def sent(self, *results):
        """Accept `results`, and let everything happen that happens by itself."""
        await self.put(*results)
        await self.run(2)
        return await self.states()

    async def states(self):
        return {each.result_id: each.waiting_for or each.state for each in await self.deliveries()}


@asynccontextmanager
async def village(place, connector=Peopled, order=ORDER):
    async with room(place, connector=connector, deliver=False) as here:
        inhabited = Village(here, order)
        here.dispatcher = type(here.dispatcher)(here, here.around)
        await here.start()
        yield inhabited


def user(number, **fields):
    return User(**{"id": f"u{number}", "email": f"user{number}@example.com", **fields})


def proposal(user_id, by):
    return lambda _: IdentityProposal(user_id=user_id, matched_by=by)
