"""Sentences of the sign-in page, of roles and of the code for telephones (登录、角色、二维码)."""

from __future__ import annotations

TEXT: dict[str, tuple[str, str]] = {
    "access.title": ("登录格图", "Sign in to Getu"),
    "access.password": ("口令", "Password"),
    "access.enter": ("登录", "Sign in"),
    "access.about": (
        "查看口令可看全部页面，编辑口令还可导入和撤销。口令请向本单位管理员索取。",
        "The viewer password shows every page; the editor password also imports and undoes. "
        "Ask the administrator of your office for it.",
    ),
    "access.wrong": (
        "口令不对。请检查大小写和输入法，再试一次。",
        "That password is not right. Check capitals and the input method, and try again.",
    ),
    "access.wait": (
        "口令连续输错，请等 {seconds} 秒再试。",
        "Too many wrong passwords. Wait {seconds} seconds, then try again.",
    ),
    "access.busy": (
        "此刻登录的人太多，请过几秒再试。",
        "Too many people are signing in at this moment. Try again in a few seconds.",
    ),
    "access.signed_out": ("您已退出。", "You are signed out."),
    "access.ended": ("登录已结束，请重新登录。", "Your visit has ended. Sign in again."),
    "access.refused": ("不能进入", "No entrance"),
    "access.role.viewer": ("查看者", "Viewer"),
    "access.role.editor": ("编辑者", "Editor"),
    "access.local": ("本机", "This machine"),
    "access.as": ("{name}（{role}）", "{name} ({role})"),
    "access.leave": ("退出登录", "Sign out"),
    "access.viewer_page": (
        "导入和撤销需要编辑口令；您是以查看者身份登录的。",
        "Bringing in and undoing need the editor password; you are signed in as a viewer.",
    ),
    "access.viewer_empty": (
        "您是以查看者身份登录的；请编辑者先导入数据。",
        "You are signed in as a viewer; an editor brings in the data first.",
    ),
    "code.button": ("二维码", "QR code"),
    "code.title": ("用手机打开本页", "Open this view on a phone"),
    "code.about": (
        "扫码打开的就是此刻这一页：同一区域、时段和筛选。",
        "It opens exactly this view: the same area, period and filters.",
    ),
    "code.sign_in": ("手机上同样需要登录。", "The phone has to sign in too."),
    "code.local": (
        "这是本机地址，手机打不开。请管理员先设置口令（python -m geo access set viewer，再 set editor），"
        "用 GETU_HOST=0.0.0.0 提供服务；然后用本机的网络地址打开本页，二维码随之更新。",
        "This is this machine's own address, and a phone cannot reach it. The administrator sets the passwords "
        "(python -m geo access set viewer, then set editor) and serves with GETU_HOST=0.0.0.0; open this page "
        "by the machine's network address then, and the code follows.",
    ),
    "code.too_long": (
        "本页地址太长，放不进二维码。去掉一些筛选再试，或用“复制本页链接”。",
        "The address of this view is too long for a code. Take away some filters, or copy the link instead.",
    ),
    "code.alt": ("本页地址的二维码", "QR code of the address of this view"),
}
