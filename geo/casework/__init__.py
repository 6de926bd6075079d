"""Floor `casework`: rules of the closed loop (闭环规则)."""
