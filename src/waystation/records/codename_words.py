"""Words for code names: plants, birds, weather and stones; then things about the house and on the way.

Harmless, concrete, easy to say and to spell; no names of people or places. Within a list every two words are at least
three keystrokes apart and none begins another, which a test checks. A word may be added; one that was ever used stays.
"""

from typing import Final

ENGLISH_NATURE: Final = """
Acacia Agapanthus Agate Alabaster Albatross Alder Almond Amaryllis Amethyst Anemone Anise Apricot Aquamarine Artichoke
Asparagus Avalanche Badger Balsa Bamboo Baobab Barberry Basalt Bauxite Beaver Beetroot Begonia Bergamot Birch Bittern
Bladderwrack Blizzard Bluebell Bogbean Boulder Boxwood Bracken Bramble Breeze Broccoli Brook Buckthorn Buckwheat
Bullfinch Bulrush Bumblebee Burdock Burnet Buttercup Butterfly Cabbage Calcite Camellia Campion Canyon Caraway
Cardamom Carnation Carnelian Cashew Cassava Caterpillar Catmint Cauliflower Cavern Cedar Celandine Celeriac Chaffinch
Chamomile Chanterelle Chard Chervil Chestnut Chickpea Chicory Chives Chrysanthemum Cinnamon Cinquefoil Cirrus Citron
Clematis Cloudberry Clover Cobalt Coconut Coltsfoot Comet Comfrey Coneflower Coriander Cormorant Cowpea Cowslip
Cranberry Cranesbill Crocus Cumin Cumulus Cyclamen Cypress Daffodil Damson Dandelion Delphinium Delta Dew Dittany
Dolomite Dolphin Dormouse Downpour Dragonfly Driftwood Drizzle Dunlin Dusk Ebony Eclipse Edelweiss Elderberry Enamel
Endive Equinox Estuary Eucalyptus Eyebright Feldspar Fennel Fenugreek Feverfew Fiddlehead Fieldfare Firefly Fjord
Flamingo Flint Fluorite Fog Foothill Forsythia Foxglove Freesia Frost Fuchsia Galaxy Gardenia Garlic Gazelle Gentian
Geranium Geyser Glacier Gladiolus Gneiss Goldenrod Goldfinch Gooseberry Goosegrass Gorse Granite Grapefruit
Grasshopper Gravel Greengage Groundsel Guava Gypsum Hackberry Harebell Hawkbit Hawthorn Headland Hedgehog Heliotrope
Heron Hibiscus Hollyhock Honeysuckle Hoopoe Horizon Hornbeam Horseradish Horsetail Hyacinth Hydrangea Hyssop Ibis
Icicle Island Isthmus Jackdaw Jicama Juniper Kelp Kestrel Kingcup Kingfisher Kittiwake Kiwi Knapweed Knotgrass
Kohlrabi Kumquat Ladybird Lagoon Lapwing Larkspur Lavender Lentil Lettuce Lightning Limestone Lingonberry Linnet
Liverwort Lobster Loosestrife Lotus Lovage Lungwort Lychee Magnolia Magpie Mahogany Maize Malachite Mallard Mallow
Manatee Mangrove Marble Marigold Marjoram Marmot Marsh Mayfly Meadowsweet Meerkat Meteor Millet Mimosa Mistletoe
Monsoon Moonlight Moonrise Moonstone Moonwort Moorhen Moss Mulberry Mullein Mushroom Mustard Narwhal Nasturtium Nebula
Nectarine Nettle Nickel Nightingale Nuthatch Nutmeg Oak Oasis Obsidian Octopus Onion Onyx Orchid Oregano Oriole Osier
Osprey Ostrich Overcast Oxlip Papaya Paprika Papyrus Parsley Parsnip Pebble Pelican Penguin Peninsula Pennywort Pepper
Peridot Periwinkle Persimmon Pheasant Phlox Pimento Pimpernel Pineapple Pintail Pipit Planet Plantain Plateau Plum
Pomegranate Pomelo Poplar Porcelain Porcupine Porphyry Potato Prairie Primrose Privet Puddle Puffin Pumice Pumpkin
Pyrite Quail Quartz Quillwort Quince Radish Ragwort Raindrop Rapids Raspberry Ravine Redstart Redwood Reed Reindeer
Rhubarb Rutabaga Ryegrass Saffron Sainfoin Salsify Samphire Sandbar Sandpiper Sandstone Sandwort Saxifrage Scabious
Seabreeze Seahorse Seashell Seaweed Sedge Selfheal Sequoia Sesame Shale Shallot Shower Silverweed Siskin Skylark Sleet
Snapdragon Snowdrift Snowdrop Snowflake Soapstone Solstice Sorghum Sorrel Spearmint Speedwell Sphagnum Spinach Spruce
Spurrey Squash Squirrel Starfish Starlight Starling Starwort Steppe Stitchwort Stonecrop Stork Strawberry Sunbeam
Sundew Sunflower Sunrise Sycamore Tailwind Tamarisk Tangerine Tansy Tarragon Teasel Thaw Thicket Thistle Thrush
Thunder Thyme Tide Toadflax Topaz Tormentil Tortoise Toucan Tourmaline Travertine Trefoil Tributary Truffle Tundra
Tungsten Turmeric Turnip Turnstone Turquoise Twayblade Twilight Undertow Valerian Valley Vanilla Vervain Vetch
Viburnum Vineyard Wagtail Wallflower Walnut Wasabi Watercress Waterfall Waterlily Watershed Wetland Wheatear Whimbrel
Whirlwind Whitebeam Wigeon Willowherb Wisteria Wombat Woodland Woodpecker Woodruff Yarrow Zebra Zephyr Zinc Zinnia
""".split()

ENGLISH_THINGS: Final = """
Abacus Accordion Airship Allotment Almanac Amphitheatre Anchor Anorak Anvil Apron Aqueduct Arcade Archway Armchair
Atlas Attic Axle Bagpipe Baguette Balcony Bandstand Banjo Barge Barometer Basin Bassoon Bathrobe Bathtub Battery
Beehive Belfry Bellows Beret Bicycle Birdbath Birdhouse Biscuit Blanket Blazer Blender Blouse Boathouse Bobbin
Bobsleigh Bolt Bonnet Bookcase Bookend Bookmark Boulevard Bowtie Bracelet Bradawl Bridge Brooch Brush Bucket Bugle
Buoy Button Calendar Callipers Campsite Candlestick Canister Canoe Capstan Caramel Cardigan Carousel Carpet Carriage
Carton Casserole Castanet Catamaran Cauldron Ceiling Cello Chalet Chalkboard Chandelier Cheesecake Chimney Chisel
Chopstick Clamp Clarinet Cloak Closet Colander Collar Compass Concertina Corduroy Corkboard Corkscrew Cottage Couch
Courtyard Cradle Crank Cravat Croissant Cufflink Cupboard Cupcake Curtain Cushion Custard Cymbal Denim Desk Dictionary
Dinghy Dishcloth Doorbell Doorknob Doormat Doorstep Doughnut Dovecote Dresser Drum Dulcimer Dumpling Dungarees Dustpan
Duvet Dynamo Earmuffs Eclair Eggcup Envelope Farmhouse Fence Ferrule Ferry Fiddle Fireplace Flannel Flapjack
Flashlight Flask Flowerpot Flute Flywheel Folder Footbridge Footstool Fork Fountainpen Galleon Galosh Gangway Gasket
Gatepost Gazebo Gearbox Gingerbread Gingham Glider Globe Glockenspiel Gnocchi Goblet Gondola Gong Gramophone Granary
Grater Greenhouse Guitar Hairpin Hammock Hamper Handbag Handcart Hangar Harmonica Harpsichord Haystack Headband
Headphones Hinge Hobnail Honeycomb Hosepipe Hourglass Houseboat Hovercraft Icebox Igloo Inkwell Jellybean Jetty Jigsaw
Jug Juicer Kayak Kazoo Kerchief Ketchup Kettle Keyring Kickstand Kimono Kiosk Kite Knapsack Labyrinth Lampshade
Lantern Larder Lasagne Latch Lawnmower Leggings Letterbox Library Lifeboat Lightbulb Lighthouse Locomotive Loom
Loudspeaker Lunchbox Macaroon Magnet Magnifier Mailbag Mandolin Mantelpiece Maraca Marbles Marimba Marmalade Marzipan
Matchbox Mattress Meringue Metronome Microscope Milestone Milkshake Minibus Mirror Mitten Moccasin Molasses Monorail
Motorboat Muffler Museum Muslin Napkin Necktie Nightgown Nightlight Noodle Notebook Nougat Oar Oatcake Oboe
Observatory Ocarina Oilcan Omelette Organ Oven Overalls Overcoat Pagoda Paintbox Paintbrush Paperclip Parasol Parcel
Parquet Pastry Pavilion Pedal Peeler Pencil Percolator Pergola Photograph Piano Piccolo Pickle Pillow Pincers Piston
Pitcher Planetarium Platter Playpen Pliers Plumbline Poncho Popcorn Porridge Porthole Postcard Pretzel Promenade
Protractor Pudding Pulley Pullover Puzzle Pyjamas Quilt Radiator Raft Raincoat Ramekin Ravioli Recorder Rickshaw
Risotto Rotunda Rowlock Rucksack Ruler Saddlebag Safetypin Sailboat Samovar Sandbox Sandpaper Sandwich Sarong Satchel
Saucepan Saucer Sawhorse Saxophone Scarecrow Scarf Schooner Scrapbook Screwdriver Seesaw Sequin Sextant Shawl Shears
Shed Shirt Shoelace Shortbread Shovel Shutter Sideboard Sieve Signpost Silo Skateboard Skillet Skylight Sleigh Smock
Snowshoe Soapdish Sofa Songbook Sorbet Spanner Spatula Spindle Spinnaker Sponge Sprinkler Sprocket Staircase Stapler
Stirrup Stocking Stool Stopwatch Strudel Submarine Suitcase Sundial Surfboard Sweater Syrup Tablecloth Tambourine
Tandem Tankard Tapestry Tassel Teacup Teapot Teaspoon Telescope Terrace Theatre Thermometer Thermos Thimble Tiller
Timpani Toaster Toboggan Toffee Tollgate Toolbox Toothbrush Tortilla Towel Tracksuit Tractor Trailer Trampoline Tray
Trellis Triangle Trifle Tripod Trivet Trolley Trombone Trousers Trumpet Tuba Tugboat Tumbler Tunic Tunnel Turbine
Tureen Tweezers Typewriter Tyre Ukulele Umbrella Vase Velvet Veranda Viaduct Videotape Violin Waffle Wagon Waistcoat
Wallet Wallpaper Wardrobe Washbasin Washboard Waterjug Watermill Weathervane Wedge Wheelbarrow Whetstone Whisk Whistle
Winch Windcheater Windmill Windowsill Windscreen Workbench Wristwatch Xylophone Yacht Yoghurt Yoyo Yurt Zipper
""".split()

RUSSIAN_NATURE: Final = """
Ёрш Абрикос Авокадо Азалия Аист Айва Актинидия Алоэ Алыча Альбатрос Амариллис Аметист Ананас Анемон Апельсин Арахис
Арбуз Арония Артишок Асфодель Бабочка Багрянник Багульник Базальт Базилик Бамбук Баобаб Барбарис Барвинок Бархатец
Бегемот Бегония Бекас Белокопытник Берег Бересклет Берилл Бессмертник Бирюза Бобр Боровик Боярышник Бриз Брокколи
Бронза Брусника Бузина Бурундук Бухта Валун Ваниль Василёк Вейгела Вербена Верблюд Вереск Ветер Виноград Вихрь Вишня
Водопад Волнушка Вомбат Воробей Выдра Вьюга Вяз Галактика Галька Гейзер Гелиотроп Гематит Георгин Герань Гибискус
Гипсофила Гладиолус Глициния Глоксиния Глухарь Гололёд Горечавка Горизонт Горох Гортензия Граб Гравий Гравилат
Грейпфрут Гречиха Груздь Груша Гуава Гусь Девясил Дельфиниум Джут Дождь Доломит Донник Драцена Дрозд Дубрава Душица
Дюна Дятел Ежевика Жаворонок Жемчуг Жимолость Журавль Закат Зарница Затмение Заяц Звездопад Зверобой Зебра Зеленчук
Земляника Зимородок Зяблик Иволга Известняк Изморозь Изумруд Имбирь Иней Инжир Ирга Исток Кабачок Кактус Календула
Калина Камыш Капуста Карась Кардамон Картофель Кашалот Каштан Кварц Кедр Кенгуру Кешью Кизил Кипарис Кипрей Кислица
Клевер Клубника Клюква Клёст Кобальт Ковыль Кокос Колеус Колокольчик Комета Коралл Кориандр Корица Костяника Косуля
Крапива Креветка Крушина Крыжовник Кувшинка Кузнечик Кукуруза Кулик Кумкват Кунжут Купальница Куркума Куропатка
Лаванда Лазурит Ландыш Лапчатка Ласточка Латунь Лебедь Ледник Ледоход Лемур Лещина Лимон Лисичка Лиственница Листопад
Личи Лишайник Лобелия Лопух Лютик Люцерна Лядвенец Лён Магнолия Малахит Манго Мандарин Маракуйя Маслёнок Медуница
Метель Мимоза Миндаль Мираж Можжевельник Молния Молочай Монстера Морось Морошка Мрамор Муравей Мускат Муссон Мята
Налим Наперстянка Нарцисс Настурция Незабудка Нектарин Нефрит Никель Оазис Облако Облепиха Обсидиан Овраг Овсянка Овёс
Одуванчик Озеро Окунь Олеандр Олово Ольха Оникс Опушка Опёнок Орешник Орхидея Осока Остров Осьминог Осётр Отлив Отмель
Оттепель Очиток Павлин Паводок Панда Папайя Папоротник Паприка Пассат Пастернак Патиссон Пеларгония Пеликан Пемза
Первоцвет Перекат Перепел Песчаник Петуния Пещера Пижма Пингвин Пирит Планета Платан Плющ Подберёзовик Подлесок
Подорожник Подосиновик Подснежник Подсолнух Позёмка Полдень Полнолуние Полуостров Поляна Помело Померанец Помидор
Поползень Пригорок Прилив Примула Пролеска Просо Протока Прохлада Пруд Пустырник Пшеница Пырей Равноденствие Рассвет
Ревень Редис Редька Репейник Рогоз Рододендрон Розмарин Ромашка Ротанг Роща Ручей Рыжик Рябина Ряска Самшит Сапфир
Светлячок Свиристель Свёкла Секвойя Сельдерей Сердолик Серебро Синица Сирень Скворец Сланец Слюда Смородина Сморчок
Снегирь Снегопад Снежинка Сныть Созвездие Соловей Сорго Сосна Сосулька Соя Спаржа Спирея Спорыш Старица Степь Стланик
Страус Стрекоза Стрелолист Стриж Сугроб Сумерки Сыроежка Терновник Тетерев Тимофеевка Тимьян Тмин Топаз Топинамбур
Тополь Торф Традесканция Тростник Трюфель Трясогузка Туманность Тундра Тыква Тысячелистник Тюлень Удод Укроп Улитка
Устье Ущелье Фазан Фасоль Фейхоа Фенхель Фиалка Фикус Филин Фисташка Фламинго Флюорит Форель Форзиция Фрезия Фуксия
Фундук Хвощ Хлопок Хлорофитум Холм Хомяк Хризантема Хризолит Хрусталь Хурма Цапля Цикламен Циклон Цикорий Цинк Чабрец
Череда Черепаха Черешня Черника Чертополох Чеснок Чечевица Чибис Чиж Чубушник Шалфей Шафран Шелковица Шиповник Шпинат
Штиль Щавель Щегол Щука Эвкалипт Эдельвейс Эхо Яблоня Янтарь Яснотка Ятрышник Ячмень Яшма Ящерица
""".split()

RUSSIAN_THINGS: Final = """
Абажур Автобус Аквариум Акведук Аккордеон Альбом Амбар Аркада Арфа Аэростат Байдарка Балалайка Балкон Бандана Барометр
Бассейн Батарейка Батарея Башня Берет Беседка Библиотека Бинокль Блин Блокнот Блузка Блюдце Бокал Борщ Ботинок Браслет
Брошь Брюки Бубен Бублик Будильник Буксир Булавка Бульвар Бутерброд Бутылка Валенок Валторна Ванна Варенье Вафля Веер
Велосипед Венчик Веранда Веретено Верстак Вешалка Виадук Вилка Винегрет Виолончель Волчок Воронка Воротник Газета
Галерея Галоша Галстук Гармонь Гвоздик Гитара Глобус Грабли Градусник Графин Гренка Грузовик Губка Гусли Дача
Дендрарий Джемпер Джинсы Диафильм Диван Динамо Дирижабль Долото Домик Домкрат Дрезина Дуршлаг Духовка Жилетка Журнал
Забор Заклёпка Занавеска Запеканка Звонок Зеркало Зефир Зонт Зоопарк Изба Иллюминатор Ириска Йогурт Какао Калейдоскоп
Календарь Калитка Камертон Камин Каноэ Капюшон Каравай Карандаш Кардиган Карусель Кастаньета Кастрюля Катамаран Катер
Качели Квитанция Кекс Кимоно Киоск Кирпич Кисть Клавесин Кладовка Клапан Кларнет Клумба Кнопка Коврик Колодец Колокол
Колоннада Комбайн Комбинезон Комод Компас Конверт Конструктор Контрабас Коньки Корзина Кормушка Котлета Кофейник
Кошелёк Кресло Кроссовка Крыльцо Крючок Ксилофон Кувшин Кузница Кулебяка Куртка Кушак Лабиринт Лаваш Лампа Ларёк
Ластик Леденец Ледокол Лепёшка Лестница Лимонад Линейка Лоджия Ложка Лопатка Лыжи Люстра Магнит Мандолина Манжета
Мансарда Манты Маракас Мармелад Маслёнка Мастерская Матрас Матрёшка Метла Метроном Микроскоп Мозаика Мольберт
Мороженое Мотороллер Мотыга Мясорубка Мяч Набережная Наволочка Наждак Накидка Наковальня Напильник Напёрсток Неваляшка
Нуга Обои Обсерватория Одеяло Окрошка Оладья Омлет Опилки Оранжерея Орган Отвес Отвёртка Открытка Павильон Пальто
Парашют Паркет Паром Пастила Патефон Паяльник Педаль Пекарня Пельмень Перечница Перрон Перчатка Печенье Печка Пиала
Пианино Пиджак Пинцет Пирожок Пирс Планетарий Планёр Пластилин Платье Плащ Плинтус Плита Плоскогубцы Плотина Повидло
Повозка Погремушка Подвал Подкова Поднос Подоконник Подсвечник Подставка Подстаканник Подушка Подшипник Половник
Полотенце Пончо Портфель Поршень Посылка Потолок Пристань Прихватка Прицеп Причал Провод Пропеллер Простыня Противень
Пружина Пряжка Пряник Пуговица Пудинг Пылесос Пюпитр Радиола Раковина Ранец Рассольник Рельс Ремень Розетка Ротонда
Рояль Рубанок Рубашка Рюкзак Рюмка Ряженка Саквояж Саксофон Салфетка Самовар Самолёт Сандалия Сани Сапог Сарай Сарафан
Сахарница Светофор Свеча Свирель Свитер Седло Секстант Семафор Сеновал Сервиз Серёжка Сито Скалка Скамейка Скатерть
Скворечник Сковорода Скрипка Словарь Сметана Снегоход Совок Соковыжималка Солянка Спица Ставня Стадион Стакан
Стремянка Стропило Студень Сундук Суфле Сухарь Сырник Табурет Тапочек Тарелка Творог Театр Телега Телескоп Телефон
Теплица Теплоход Термометр Термос Терраса Тетрадь Тефтеля Тоннель Тостер Точилка Трактор Трамвай Трап Треугольник
Троллейбус Тромбон Труба Турбина Тяпка Улей Уровень Усадьба Учебник Ушанка Фагот Фанера Фартук Флейта Флигель
Фломастер Фляга Фонарь Фонтан Форточка Фотоаппарат Футболка Халат Хижина Хлебница Холодильник Циркуль Чайник Часы
Челнок Чемодан Черепица Чернильница Черпак Шайба Шаль Шарманка Швабра Шестерня Шкатулка Шкаф Шлагбаум Шланг Шлюпка
Шнурок Шоколад Шорты Штатив Штопор Штурвал Шуруп Шхуна Щеколда Эклер Элеватор Электричка Эскалатор Якорь Яхта Ящик
""".split()
