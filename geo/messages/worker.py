"""Sentences about reading a file in a process of its own."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "worker_died": Message(
        "The process that was reading {file} broke off; nothing was stored.",
        "读取“{file}”的进程意外中断，没有存入任何内容。",
        "Try it once more. If it happens again the file is probably damaged: save it anew and bring that.",
        "请再试一次；如仍中断，文件可能已损坏，请重新导出后再导入。",
    ),
    "worker_memory": Message(
        "Reading {file} needs about {need_mb} MB of memory, and {limit_mb} MB are allowed; nothing was stored.",
        "读取“{file}”约需 {need_mb} MB 内存，而上限为 {limit_mb} MB，没有存入任何内容。",
        "Split the file, or raise the setting worker_memory_mb.",
        "请拆分文件，或调高设置 worker_memory_mb。",
    ),
    "worker_timeout": Message(
        "Reading {file} took longer than {limit_s} s and was stopped; nothing was stored.",
        "读取“{file}”超过 {limit_s} 秒，已停止，没有存入任何内容。",
        "Split the file, or raise the setting worker_timeout_s.",
        "请拆分文件，或调高设置 worker_timeout_s。",
    ),
    "worker_output": Message(
        "What {file} holds fills more than {limit_mb} MB; nothing was stored.",
        "“{file}”的内容展开后超过 {limit_mb} MB，没有存入任何内容。",
        "Split the file, or raise the setting worker_output_mb.",
        "请拆分文件，或调高设置 worker_output_mb。",
    ),
    "worker_not_started": Message(
        "No process could be started to read {file}; nothing was stored.",
        "无法启动读取“{file}”的进程，没有存入任何内容。",
        "The machine may be short of memory or of processes. Try again in a while.",
        "服务器的内存或进程数可能不足，请稍后再试。",
    ),
    "worker_no_room": Message(
        "There is no room in the folder for temporary files to read {file}; nothing was stored.",
        "临时文件夹空间不足，无法读取“{file}”，没有存入任何内容。",
        "Make room on the disk of that folder, or name another by the variable TMPDIR.",
        "请清理该文件夹所在磁盘，或用变量 TMPDIR 指定其他文件夹。",
    ),
}
