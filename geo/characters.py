"""Traditional characters and the simplified form each has (繁简对照).

Only what occurs in the names of places and in addresses; used to tell names that read alike.
"""

from __future__ import annotations

from typing import Final

# Traditional forms that occur in place names and addresses, after the General List of Simplified
# Characters (简化字总表, 1986) and, for 臺 and 裡, the First List of Variant Characters (1955). Only
# characters with one simplified form whatever the word; none is a character of its own there.
TRADITIONAL: Final = (
    "貳贰號号棟栋樓楼區区縣县鄉乡鎮镇門门單单層层條条東东廣广場场園园環环橋桥灣湾龍龙華华國国興兴慶庆陽阳陰阴雙双萬万豐丰麗丽義义藝艺衛卫蘇苏與与業业學学醫医馬马鳳凤鐵铁銀银錦锦長长關关開开歷历寧宁農农遠远連连"
    "達达進进運运過过邊边鄭郑韓韩蔣蒋陳陈張张劉刘楊杨趙赵黃黄吳吴許许鄧邓馮冯葉叶蘭兰嶺岭崗岗島岛濱滨濟济漢汉瀘泸滬沪滿满潔洁淺浅溝沟渾浑濕湿燈灯煙烟爐炉牆墙獅狮貓猫現现瑪玛電电畫画療疗發发盤盘礦矿碼码禮礼"
    "種种穀谷穩稳窩窝競竞筆笔節节築筑簡简籃篮糧粮紅红紡纺純纯級级紙纸納纳綠绿綜综維维網网緯纬線线練练總总縱纵織织繡绣續续罷罢羅罗習习聖圣聯联職职聽听肅肃腳脚臨临舊旧艦舰莊庄蓮莲薊蓟蕭萧藍蓝處处蝦虾蠶蚕術术"
    "裝装見见規规視视覺觉親亲觀观記记設设評评詩诗話话認认誠诚語语說说課课調调論论諾诺謝谢證证識识譚谭議议護护讀读貝贝財财貢贡貨货貫贯貴贵買买費费賀贺資资賓宾賞赏賢贤賽赛贊赞車车軍军軒轩輔辅輪轮輝辉轉转郵邮"
    "鄰邻釋释針针鈴铃鋼钢錢钱鍾钟鎖锁鏡镜鑄铸鐘钟閣阁閩闽陸陆隊队階阶際际隨随險险隱隐雜杂離离難难雲云霧雾靈灵靜静頂顶項项順顺預预領领頭头題题額额顏颜願愿類类飛飞飯饭飲饮館馆駐驻駿骏騎骑驛驿驗验體体魚鱼鮮鲜"
    "鳥鸟鳴鸣鴻鸿鵝鹅鶴鹤鷹鹰鹽盐麥麦黨党齊齐龜龟倉仓個个倫伦偉伟側侧傑杰備备儀仪億亿優优兒儿兩两冊册凱凯劇剧劍剑動动務务勝胜勞劳勢势勵励協协參参員员問问啟启嘯啸團团圍围圓圆圖图報报塊块塢坞塵尘壩坝壯壮壽寿"
    "夢梦奧奥婦妇媽妈嬌娇孫孙宮宫實实審审寫写寶宝將将專专對对導导屆届屬属岡冈峽峡崑昆嵐岚嶽岳幣币幹干庫库廁厕廈厦廚厨廟庙廠厂廬庐彈弹彌弥後后從从徑径復复徳德悅悦愛爱態态憶忆懷怀戰战戲戏戶户揚扬換换損损搶抢"
    "擇择擊击據据擠挤擴扩攔拦敵敌數数斷断時时晉晋晝昼暉晖曉晓曆历書书會会朧胧極极榮荣構构槍枪樂乐標标樞枢樣样樹树橫横機机檔档檢检權权歡欢歲岁歸归殘残氣气決决沒没況况洩泄淚泪淨净淵渊測测湯汤準准漁渔漲涨澤泽"
    "濃浓濤涛瀾澜瀟潇灘滩災灾為为熱热爾尔狀状獎奖瓊琼產产畢毕異异當当疊叠癢痒眾众睏困硯砚確确磚砖祿禄禦御稅税積积筍笋範范簽签粵粤紀纪紹绍終终組组結结給给統统經经綏绥綢绸緊紧緣缘編编縮缩臺台裡里裏里塗涂"
)
SIMPLE_FORMS: Final = {ord(TRADITIONAL[at]): TRADITIONAL[at + 1] for at in range(0, len(TRADITIONAL), 2)}
"""What `str.translate` takes."""
