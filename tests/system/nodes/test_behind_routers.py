"""A box and a phone behind routers that translate addresses, and a cloud that is mapped one to one."""

from pathlib import Path

from tests.support.box import tone_of
from tests.support.linked import Linked
from tests.support.phone import Phone
from tests.support.routers import PUBLIC_CLOUD, Routers


def test_a_box_behind_a_router_and_a_phone_behind_another_hear_each_other(tmp_path: Path) -> None:
    with (
        Routers() as routers,
        Linked(tmp_path, routers=routers) as pair,
        pair.box.phones("21") as (anna,),
        Phone(
            server=f"{PUBLIC_CLOUD}:{pair.cloud.ports['tls_port']}",
            user="22",
            secret="secret-of-22",
            transport="tls",
            srtp="mandatory",
            tone=tone_of("22"),
            log=tmp_path / "phone-22.log",
            inside=routers.home,
        ) as ben,
    ):
        ben.register()
        pair.box.eventually(
            lambda: pair.box.control("nodes.show")["nodes"][0]["extensions"] == ["22"],
            "the box to know of 22",
        )
        for caller, called in ((anna, ben), (ben, anna)):
            call = caller.call(called.user)
            called.incoming()
            taken = called.answer()
            caller.wait("answered", call=call)
            caller.hears(tone_of(called.user), call=call)
            called.hears(tone_of(caller.user), call=taken)
            called.hangup(taken)
            caller.ended(call)
            at_call = pair.box if caller is anna else pair.cloud
            (here,) = at_call.records(1)
            there = next(leg for leg in here["legs"] if leg["endpoint"].startswith("instance:"))
            assert there["quality"]["secure"]
            pair.box.idle()
            pair.cloud.idle()
