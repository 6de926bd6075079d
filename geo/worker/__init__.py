"""Read files of strangers in a process of its own, with limits and without the network (隔离读取)."""
