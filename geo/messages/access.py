"""Sentences about roles, passwords and proxies."""

from geo.messages.text import Message

_REFUSALS: dict[str, Message] = {
    "access_editor_only": Message(
        "Only an editor may do this; you are signed in as a viewer.",
        "只有编辑者可以这样做；您是以查看者身份登录的。",
        "Sign out and sign in with the editor password, or ask somebody who has it.",
        "请退出后用编辑口令登录，或请有编辑口令的人操作。",
    ),
    "access_no_seat": Message(
        "Nobody is signed in here.",
        "尚未登录。",
        "Open the first page again and sign in; start the program with: python -m geo serve",
        "请重新打开首页并登录；程序请用 python -m geo serve 启动。",
    ),
    "access_not_signed_in": Message(
        "Sign in first.", "请先登录。", "Open the first page in a browser.", "请在浏览器中打开首页。"
    ),
    "access_nothing_set": Message(
        "This address is reached from other machines, and no passwords are set.",
        "此地址可从其他机器访问，但还没有设置口令。",
        "Set both on the machine that serves: python -m geo access set viewer, then python -m geo access "
        "set editor. Or serve this machine only, with GETU_HOST=127.0.0.1 and no proxy before it.",
        "请在服务器上设置两个口令：先 python -m geo access set viewer，再 python -m geo access set editor。"
        "或者只在本机提供：GETU_HOST=127.0.0.1，且前面没有代理。",
    ),
    "access_viewer_missing": Message(
        "This address is reached from other machines, and the viewer password is not set.",
        "此地址可从其他机器访问，但查看口令还没有设置。",
        "Set it on the machine that serves: python -m geo access set viewer",
        "请在服务器上设置：python -m geo access set viewer",
    ),
    "access_editor_missing": Message(
        "This address is reached from other machines, and the editor password is not set.",
        "此地址可从其他机器访问，但编辑口令还没有设置。",
        "Set it on the machine that serves: python -m geo access set editor",
        "请在服务器上设置：python -m geo access set editor",
    ),
    "access_proxy_only": Message(
        "These pages are reached through the proxy of this place only, which signs people in.",
        "这些页面只能通过本单位的代理访问，由代理负责登录。",
        "Open the address of the proxy. If you came through it, it named no user: its administrator "
        "compares it with docs/operations.md.",
        "请打开代理的地址。如果已经是从代理进来的，说明代理没有给出用户名，请管理员对照 docs/operations.md 检查。",
    ),
    "turns_all_taken": Message(
        "{n} of your requests wait already.",
        "您已有 {n} 个请求在排队。",
        "Wait until one of them has been answered, then try again.",
        "请等其中一个完成后再试。",
    ),
    "turns_took_too_long": Message(
        "Too much is being worked on at this moment; your turn did not come.",
        "此刻处理的任务太多，没有轮到您的请求。",
        "Nothing was changed. Try again in a minute.",
        "未改动任何内容。请一分钟后再试。",
    ),
    "turns_no_room": Message(
        "Too many files are being uploaded at this moment: {mb} MB are taken at a time.",
        "此刻上传的文件太多：同时最多接收 {mb} MB。",
        "Try again in a minute, with fewer files at once, or bring large files in by command.",
        "请一分钟后再试，或减少一次上传的文件，大文件请用命令导入。",
    ),
    "access_foreign_page": Message(
        "This request comes from another site, or its proxy has changed the name of this one.",
        "该请求来自其他网站，或者代理改写了本站的名称。",
        "Open the address yourself. An administrator lets the proxy pass the Host header on as it came.",
        "请自行打开本站地址。管理员请让代理原样转发 Host 请求头。",
    ),
    "access_file_unreadable": Message(
        "The file with the passwords cannot be read as one of this program.",
        "口令文件无法识别为本程序的文件。",
        "Set the passwords again: python -m geo access set viewer, and editor. Until then nobody gets in.",
        "请重新设置口令：python -m geo access set viewer，以及 editor。在此之前任何人都不能进入。",
    ),
    "access_file_open": Message(
        "Other users of this machine may read the file with the passwords, or it belongs to somebody else.",
        "口令文件可被本机其他用户读取，或属于他人。",
        "Give it to the user who serves, and to nobody else: chmod 600. Until then nobody gets in.",
        "请把文件权限改为仅运行程序的用户可读（chmod 600）。在此之前任何人都不能进入。",
    ),
    "access_file_not_written": Message(
        "The file with the passwords cannot be written.",
        "口令文件无法写入。",
        "Name a place that may be written to with GETU_ACCESS_FILE.",
        "请用 GETU_ACCESS_FILE 指定可写的位置。",
    ),
    "password_short": Message(
        "The password has {given} signs and needs at least {least}: several people know it, and nothing else "
        "is asked.",
        "口令只有 {given} 个字符，至少要 {least} 个：它由多人共用，且没有其他验证。",
        "Take three or four words that do not belong together.",
        "可用几个互不相关的词连起来。",
    ),
    "password_long": Message(
        "The password has more than {most} signs.", "口令超过 {most} 个字符。", "Take a shorter one.", "请用短一些的。"
    ),
    "password_control_sign": Message(
        "The password holds a line break or another sign that cannot be typed into a page.",
        "口令中含有换行等无法在网页中输入的字符。",
        "Take another.",
        "请换一个。",
    ),
    "password_common": Message(
        "The password is among those that are tried first: a run of signs, digits only, or a common word.",
        "这个口令属于最先被猜的一类：连续字符、纯数字或常见词。",
        "Take three or four words that do not belong together.",
        "请用几个互不相关的词连起来。",
    ),
    "password_of_other_role": Message(
        "This is the password of the other role already, and a password tells which role signs in.",
        "另一个身份已在用这个口令，而登录身份由口令决定。",
        "Take another.",
        "请换一个。",
    ),
    "password_differs": Message(
        "The two entries differ; nothing was set.", "两次输入不一致，未作设置。", "Try again.", "请重试。"
    ),
    "password_not_given": Message(
        "No password was given; nothing was set.",
        "没有输入口令，未作设置。",
        "Type it when asked, or hand it over on the standard input with --stdin.",
        "请按提示输入，或用 --stdin 从标准输入传入。",
    ),
    "password_viewer_not_set": Message(
        "There is no viewer password.",
        "没有设置查看口令。",
        "See: python -m geo access show",
        "查看现状：python -m geo access show",
    ),
    "password_editor_not_set": Message(
        "There is no editor password.",
        "没有设置编辑口令。",
        "See: python -m geo access show",
        "查看现状：python -m geo access show",
    ),
    "proxy_not_named": Message(
        "Setting 'user_header' names {header!r}, and no proxy is trusted to send it.",
        "设置 user_header 写了 {header!r}，但没有可信的代理。",
        "Name the proxy's address in 'trusted_proxy', or leave 'user_header' out.",
        "请在 trusted_proxy 中写明代理的地址，或去掉 user_header。",
    ),
    "proxy_no_address": Message(
        "Setting 'trusted_proxy' holds {value!r}, which is no address or network.",
        "设置 trusted_proxy 中的 {value!r} 不是地址或网段。",
        "Write it like 10.0.0.5 or 10.0.0.0/29, the latter with zeros behind the prefix.",
        "请写成 10.0.0.5 或 10.0.0.0/29 的形式，网段前缀之后须为零。",
    ),
    "proxy_everybody": Message(
        "Setting 'trusted_proxy' holds {value!r}, which means everybody.",
        "设置 trusted_proxy 中的 {value!r} 表示所有人。",
        "Name the address of the proxy alone.",
        "请只写代理的地址。",
    ),
}  # fmt: skip

_SAID: dict[str, Message] = {
    "role_viewer": Message("viewer", "查看"),
    "role_editor": Message("editor", "编辑"),
    "said_password_set": Message(
        "The {role} password is set. Pages that are open ask for it at their next step.",
        "{role}口令已设置。已打开的页面在下一步操作时会要求输入。",
    ),
    "said_password_removed": Message(
        "The {role} password is removed; who signed in with it is out.",
        "{role}口令已删除；用它登录的人已退出。",
    ),
    "said_password_other": Message(
        "The {role} password is not set yet; beyond this machine pages are served only when both are.",
        "{role}口令尚未设置；两个都设置后，其他机器才能访问。",
    ),
    "said_password_row": Message("{role}: set {set_at}", "{role}：设置于 {set_at}"),
    "said_password_none": Message("{role}: not set", "{role}：未设置"),
    "said_access_open": Message(
        "Pages are served on this machine only, and whoever sits at it is an editor.",
        "页面只在本机提供，坐在本机前的人即为编辑者。",
    ),
    "said_access_passwords": Message(
        "Everybody signs in, on this machine too.", "所有人都须登录，本机也不例外。"
    ),
    "said_access_proxy": Message(
        "Users named by {header} from {proxy} come in without a password; editors: {editors}.",
        "来自 {proxy} 的请求头 {header} 所指用户无需口令；编辑者：{editors}。",
    ),
    "ask_password": Message("New {role} password: ", "新的{role}口令："),
    "ask_password_again": Message("Once more: ", "再输入一次："),
}  # fmt: skip

MESSAGES: dict[str, Message] = {**_REFUSALS, **_SAID}
