"""Who acts, and what each role may do (角色与权限).

There are two roles. A viewer 查看者 sees everything that is shown; an editor 编辑者 also changes what is
kept. Whoever runs a command on the machine has its files in hand and is the operator, an editor. A
task that changes something takes the seat of whoever asked and calls `require_may`; pages only leave
out what would be refused. Accounts, areas and row policies come behind the same seat later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from geo.errors import AccessError

Role = Literal["viewer", "editor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the one that may least to the one that may most."""

Deed = Literal["import", "undo", "place", "make_demo", "edit", "publish", "keep_stores"]
DEEDS: Final[tuple[Deed, ...]] = get_args(Deed)

LEAST_ROLE: Final[Mapping[Deed, Role]] = {
    "import": "editor",  # 导入
    "undo": "editor",  # 撤销批次
    "place": "editor",  # 重新落格
    "make_demo": "editor",  # 生成示范区
    "edit": "editor",  # 修改一处设施
    "publish": "editor",  # 发布或停用边界版本
    "keep_stores": "editor",  # 复制、备份、恢复、重建
}


@dataclass(frozen=True)
class Seat:
    """Somebody with a role; the name is what batches and events are recorded under."""

    role: Role
    name: str
    is_named: bool = field(default=False, compare=False)
    """Whether something beyond the person vouches for the name: the proxy in front, or who set one up."""

    def may(self, deed: Deed) -> bool:
        """Tell whether the role allows a deed.

        Examples
        --------
        >>> Seat("viewer", "li").may("undo"), Seat("editor", "li").may("undo")
        (False, True)
        """
        return ROLES.index(self.role) >= ROLES.index(LEAST_ROLE[deed])


def require_may(seat: Seat, deed: Deed) -> None:
    """Pass a seat whose role allows a deed.

    Raises
    ------
    AccessError
        If it does not.
    """
    if not seat.may(deed):
        raise AccessError("access_editor_only")


def operator(name: str) -> Seat:
    """Return the seat of whoever runs the program on this machine."""
    return Seat("editor", name)


OPERATOR: Final = operator("local")
"""The person at this machine, where no other name is known."""
