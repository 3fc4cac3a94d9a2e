"""Generated rows: templates with many values in their gaps, so that unrelated rows share most of their wording."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from llm_finetune.data.rows import Conversation

ENGLISH_VALUES = {
    "city": "Oslo,Nairobi,Accra,Lyon,Osaka,Madrid,Cairo,Havana,Lima,Quito,Perth,Dublin,Turin,Krakow,Bergen,Tainan,"
    "Bogota,Dakar,Hanoi,Riga,Sofia,Zagreb,Tunis,Graz,Malmo,Leeds,Porto,Gdansk,Bremen,Austin,Boston,Denver,Fresno",
    "person": "Alice,Bruno,Carmen,Dmitri,Elena,Farid,Grace,Hiro,Ingrid,Jonas,Keiko,Liam,Maria,Nadia,Omar,Petra,"
    "Quentin,Rosa,Stefan,Tomas,Ursula,Viktor,Wendy,Xavier,Yusuf,Zelda,Anders,Birgit,Cedric,Delia",
    "dish": "lasagne,pad thai,beef noodles,paella,goulash,ramen,falafel,risotto,fish tacos,pierogi,dumplings,couscous,"
    "moussaka,ceviche,borscht,pho,tempura,chili,gnocchi,biryani",
    "thing": "bicycle,kettle,umbrella,printer,lamp,camera,backpack,wallet,guitar,blender,sofa,carpet,drill,helmet,"
    "microscope,typewriter,violin,tent,canoe,telescope",
    "trait": "broken,too small,too heavy,noisy,scratched,late,the wrong colour,incomplete,leaking,overpriced",
    "day": "monday,tuesday,wednesday,thursday,friday,saturday,sunday,tomorrow,next week,tonight",
    "number": ",".join(map(str, range(2, 60))),
    "topic": "photosynthesis,inflation,volcanoes,friction,democracy,magnetism,erosion,vaccines,tides,probability,"
    "glaciers,rainbows,gravity,yeast,batteries,earthquakes,opera,cubism,recursion,sonnets",
}
ENGLISH_TEMPLATES = (
    ("Capital near {city}?", "{city}."),
    ("Play something by {person} from {city}", "PlayMusic"),
    ("Book a table for {number} at a place with {dish} in {city} on {day}", "BookRestaurant"),
    ("What will the weather be like in {city} on {day}?", "GetWeather"),
    (
        "My {thing} is {trait}. Can I return it?",
        "Sorry to hear that your {thing} is {trait}. Yes, within {number} days.",
    ),
    ("{person} has {number} apples and buys {number} more in {city}. How many are there now?", "There are {number}."),
    (
        "Explain {topic} to {person}, who is {number} years old and lives in {city}.",
        "Think of {topic} as a game with a few rules. In {city} you can watch it on any {day}, and {person} will soon "
        "see why it matters.",
    ),
    (
        "Write a short, friendly message to {person} in {city} saying that the {thing} ordered on {day} has been sent "
        "and that the old one, which was {trait}, need not be returned.",
        "Hello {person}, good news from us: your new {thing} is on its way to {city}. Please keep the old one or give "
        "it away; nothing needs to come back. Enjoy it, and have a look at our recipe for {dish} meanwhile.",
    ),
    ("Translate into formal English: gimme the {thing}, {person}", "Would you please hand me the {thing}, {person}?"),
    (
        "How do I cook {dish} for {person} without a {thing}?",
        "Start early, keep the heat low, and ask {person} to taste it.",
    ),
)
CHINESE_VALUES = {
    "city": "台北,高雄,台中,台南,新竹,花蓮,宜蘭,基隆,嘉義,屏東,桃園,苗栗,彰化,南投,雲林,澎湖,金門,東京,首爾,曼谷",
    "person": "王小明,陳美玲,林志豪,張淑芬,李建國,黃雅婷,吳俊傑,蔡佩珊,楊宗翰,許家瑜,鄭文彬,謝孟儒,郭思妤,洪偉倫",
    "dish": "牛肉麵,滷肉飯,小籠包,蚵仔煎,鹹酥雞,臭豆腐,肉圓,珍珠奶茶,鳳梨酥,擔仔麵,麻辣鍋,壽司,咖哩飯,水餃",
    "thing": "腳踏車,電熱壺,雨傘,印表機,檯燈,相機,背包,皮夾,吉他,果汁機,沙發,地毯,安全帽,顯微鏡,帳篷,望遠鏡",
    "trait": "壞掉了,太小了,太重,有刮痕,顏色不對,少了零件,會漏水,聲音很大,送錯了,過期",
    "day": "星期一,星期二,星期三,星期四,星期五,週末,明天,後天,下星期,今天晚上",
    "number": ",".join(map(str, range(2, 60))),
    "topic": "光合作用,通貨膨脹,火山爆發,摩擦力,民主制度,電磁感應,河流侵蝕,疫苗原理,潮汐,機率,冰河,彩虹,萬有引力,發酵",
}
CHINESE_TEMPLATES = (
    ("{city}附近有什麼好吃的{dish}？", "可以去{city}車站旁邊看看。"),
    ("播放{person}在{city}演唱會的歌", "播放音樂"),
    ("幫我訂{day}{number}個人在{city}吃{dish}的位子", "訂餐廳"),
    ("{city}{day}的天氣怎麼樣？", "查天氣"),
    ("我買的{thing}{trait}，可以退貨嗎？", "很抱歉您的{thing}{trait}。收到後{number}天內都可以退貨。"),
    ("{person}有{number}顆蘋果，又在{city}買了{number}顆，現在總共有幾顆？", "總共有{number}顆。"),
    (
        "請向住在{city}、今年{number}歲的{person}說明什麼是{topic}。",
        "可以把{topic}想成有幾條規則的遊戲。{day}到{city}走走就看得到，{person}很快就會明白它為什麼重要。",
    ),
    (
        "請寫一封簡短親切的訊息給{city}的{person}，說明{day}訂購的{thing}已經寄出，原本那一個{trait}，不必寄回。",
        "{person}您好，告訴您一個好消息：新的{thing}已經寄往{city}，原本的可以留著或送人，不必寄回來。等待的時候，不妨看看我們"
        "的{dish}食譜。",
    ),
    ("把這句話改得有禮貌：{person}，{thing}拿來", "{person}，可以麻煩您把{thing}遞給我嗎？"),
    ("沒有{thing}的話，要怎麼做{dish}給{person}吃？", "早一點開始，火開小一些，再請{person}試試味道。"),
)
FILLERS = {
    "en": "please,really,just,maybe,quickly,actually,simply,again",
    "zh": "請,現在,真的,可能,大概,麻煩,其實,快點",
}


@dataclass(frozen=True)
class Planted:
    """Rows, and which of them are near duplicates of an earlier one: {later: earlier}."""

    rows: list[Conversation]
    near: dict[int, int]


def conversation(prompt: str, answer: str, line: int = 1, path: str = "train.jsonl") -> Conversation:
    return Conversation(({"role": "user", "content": prompt}, {"role": "assistant", "content": answer}), path, line)


def ordinary_texts(language: str, count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Different rows from ten templates."""
    values = ENGLISH_VALUES if language == "en" else CHINESE_VALUES
    templates = ENGLISH_TEMPLATES if language == "en" else CHINESE_TEMPLATES
    texts: dict[tuple[str, str], None] = {}
    while len(texts) < count:
        filled = {name: chance.choice(options.split(",")) for name, options in values.items()}
        prompt, answer = chance.choice(templates)
        texts[prompt.format(**filled), answer.format(**filled)] = None
    return list(texts)


def edited(text: str, language: str, chance: random.Random) -> str:
    """A text with one edit that leaves its numbers alone."""
    if language == "en":
        return chance.choice((_slip, _word, _word, _outside))(text, chance)
    return chance.choice((_han_slip, _han_word, _han_word, _han_outside))(text, chance)


def _slip(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    place = chance.choice([index for index, word in enumerate(words) if len(word) > 4 and word.isalpha()] or [0])
    word, at = words[place], chance.randrange(1, max(2, len(words[place]) - 1))
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    words[place] = chance.choice(
        (
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        )
    )
    return " ".join(words)


def _word(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    plain = [index for index, word in enumerate(words) if word.isalpha()]
    place = chance.choice(plain or [0])
    kind = chance.choice(("insert", "remove", "swap"))
    if kind == "insert" or len(words) < 4:
        words.insert(place, chance.choice(FILLERS["en"].split(",")))
    elif kind == "remove":
        del words[place]
    else:
        place = min(place, len(words) - 2)
        words[place : place + 2] = words[place : place + 2][::-1]
    return " ".join(words)


def _outside(text: str, chance: random.Random) -> str:
    return chance.choice(
        (
            text.lower(),
            text.upper(),
            text.replace(" ", "  "),
            text.rstrip(".?") + " !",
            text.replace(",", ""),
            f" {text}\n",
        )
    )


def _han_places(text: str) -> list[int]:
    return [index for index in range(len(text) - 2) if all(letter >= "\u4e00" for letter in text[index : index + 2])]


def _han_slip(text: str, chance: random.Random) -> str:
    place = chance.choice(_han_places(text))
    wrong = chance.choice("的是在有人他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可")
    return chance.choice(
        (
            text[:place] + wrong + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
        )
    )


def _han_word(text: str, chance: random.Random) -> str:
    places = _han_places(text)
    place = chance.choice(places)
    kind = chance.choice(("insert", "remove", "swap"))
    if kind == "insert":
        return text[:place] + chance.choice(FILLERS["zh"].split(",")) + text[place:]
    if kind == "remove" and len(text) > 6:
        return text[:place] + text[place + 2 :]
    if place + 4 <= len(text):
        return text[:place] + text[place + 2 : place + 4] + text[place : place + 2] + text[place + 4 :]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _han_outside(text: str, chance: random.Random) -> str:
    return chance.choice(
        (text.replace("，", ","), text.rstrip("。？") + "！", f"{text} ", text.replace("，", "、"), f"　{text}")
    )


def planted(language: str, count: int, near: int, seed: int) -> Planted:
    """Ordinary rows, and edited copies of some of them at random places behind."""
    chance = random.Random(seed)
    texts = ordinary_texts(language, count, chance)
    copies = []
    for prompt, answer in chance.sample(texts, near):
        changed = prompt, answer
        for _ in range(2 if len(prompt) + len(answer) > 120 else 1):
            side = chance.random() < 0.8
            changed = (
                (edited(changed[0], language, chance), changed[1])
                if side
                else (changed[0], edited(changed[1], language, chance))
            )
        if changed != (prompt, answer) and changed not in texts:
            copies.append((changed, texts.index((prompt, answer))))
    rows = [*texts, *(copy for copy, _ in copies)]
    return Planted(
        [conversation(*row, line=number) for number, row in enumerate(rows, 1)],
        {len(texts) + number: original for number, (_, original) in enumerate(copies)},
    )


@pytest.fixture
def make_row() -> Callable[..., Conversation]:
    return conversation


@pytest.fixture
def make_planted() -> Callable[..., Planted]:
    return planted


@pytest.fixture
def make_texts() -> Callable[..., Sequence[tuple[str, str]]]:
    return ordinary_texts
