"""Every sentence a reader of the pages sees, Chinese and English side by side, by page (界面文字)."""
