"""Words of which the other is the opposite: `enable` and `disable`, `before` and `after`."""

from __future__ import annotations

import re

# One axis a line, its two poles apart by a bar; an underscore stands for a space.
_AXES = """
    enable enables enabled enabling activate activates activated activating activation turn_on \
      turning_on turned_on switch_on switching_on | disable disables disabled disabling deactivate \
      deactivates deactivated deactivating deactivation turn_off turning_off turned_off switch_off \
      switching_off
    add adds added adding | remove removes removed removing removal delete deletes deleted deleting deletion
    increase increases increased increasing raise raises raised raising | decrease decreases decreased \
      decreasing reduce reduces reduced reducing reduction lower lowered lowering
    maximum maximal max most highest largest longest at_most up_to | minimum minimal min least lowest \
      smallest shortest at_least
    incoming inbound | outgoing outbound
    before prior_to | after following
    earliest | latest
    open opens opened opening | close closes closed closing closure
    start starts started starting begin begins beginning | stop stops stopped stopping end ends ended ending
    buy buys buying bought purchase | sell sells selling sold sale
    import imports imported importing | export exports exported exporting
    upload uploads uploaded uploading | download downloads downloaded downloading
    install installs installed installing installation | uninstall uninstalls uninstalled uninstalling
    upgrade upgrades upgrading upgraded | downgrade downgrades downgrading downgraded
    lock locks locked locking block blocks blocked blocking freeze | unlock unlocks unlocked unlocking \
      unblock unblocked unblocking unfreeze
    grant grants granted granting | revoke revokes revoked revoking withdraw_access
    approve approves approved approving | reject rejects rejected rejecting decline declines declined \
      declining
    send sends sending sent | receive receives receiving received
    internal internally | external externally
    domestic | international abroad overseas foreign
    join joins joining | leave_the leaving_the
    log_in login sign_in logging_in | log_out logout sign_out logging_out log_off sign_off_from
    check_in checking_in | check_out checking_out checkout
    subscribe subscribes subscribing | unsubscribe unsubscribes unsubscribing
    connect connects connecting | disconnect disconnects disconnecting
    encrypt encrypts encrypted encrypting | decrypt decrypts decrypted decrypting
    include includes included including | exclude excludes excluded excluding except
    mandatory compulsory obligatory | optional voluntary
    above over more_than greater_than exceeding exceeds exceed | below under less_than fewer_than
    above or_longer or_more longer_than | below or_less or_fewer shorter_than
    allow allows allowed permitted permit | forbidden prohibited banned forbid
    paid | unpaid
    permanent | temporary
    full-time full_time | part-time part_time
    deposit deposits deposited depositing top_up topping_up | withdraw withdraws withdrawing withdrawal \
      withdrawals
    debit debited | credit credited
    early earlier | late later
    used | unused
    accept accepts accepted accepting | refuse refuses refused refusing
    hire hires hiring | fire fires firing dismiss dismissing
    borrow borrows borrowing | lend lends lending
    attach attaches attaching | detach detaches detaching
    mute | unmute
    show shows | hide hides
    encouraged recommended | discouraged
    entry enter | exit
    arrival arrive arriving arrives arrived | departure depart departing departs departed
    gross | net
    indoor indoors | outdoor outdoors
    old older oldest | new newer newest
    ascending | descending
    public publicly | private privately
"""


def _read(axes: str) -> dict[str, str]:
    poles: dict[str, str] = {}
    for line in filter(None, map(str.strip, axes.splitlines())):
        left, right = (side.split() for side in line.split("|"))
        for sign, words in (("+", left), ("-", right)):
            poles |= {word.replace("_", " "): f"{left[0]}{sign}" for word in words}
    return poles


_POLE_OF = _read(_AXES)
_POLE = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _POLE_OF), key=len, reverse=True))})\b")
_PARTICLE = re.compile(r"\b(turn|turning|turned|switch|switching|switched) ((?:\w+ ){1,4}?)(on|off)\b")


def poles(text: str) -> set[str]:
    """The poles that a lower-case text names, such as `enable-` for `deactivate` or `turn the alarm off`."""
    joined = _PARTICLE.sub(r"\1 \3 \2", text)
    return {_POLE_OF[match[0]] for match in _POLE.finditer(joined)}


def opposed(one: set[str], other: set[str]) -> bool:
    """Whether one names a pole and the other only its opposite."""
    return any(_opposite(pole) in other and pole not in other for pole in one if _opposite(pole) not in one)


def _opposite(pole: str) -> str:
    return pole[:-1] + ("-" if pole[-1] == "+" else "+")
