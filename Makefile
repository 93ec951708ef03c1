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

CC      ?= gcc
PKGS    := libuv libzmq jansson libsystemd
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
OPT     := $(if $(SANITIZE),-O1,-O2)
HARDEN  := -fstack-protector-strong $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SANFLAG := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CFLAGS  ?= $(OPT) -g
BASE     = -std=c11 -D_GNU_SOURCE -fvisibility=hidden $(WARN) $(HARDEN) $(SANFLAG) $(CFLAGS) -MMD -MP
CORE    := $(BASE) -fPIE -Icore -Iinclude -DGLOSS_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS   = $(shell pkg-config --libs $(PKGS)) -ldl -lm
LDFLAGS += -pie -Wl,-z,relro,-z,now $(SANFLAG)

# ---- what is built

core_src   := $(filter-out core/main.c,$(wildcard core/*.c core/*/*.c))
core_obj   := $(core_src:%.c=$B/obj/%.o)
plugins    := $(sort $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*.c))))
plugin_so  := $(plugins:%=$B/plugins/%.so)
models     := $(patsubst %,$B/models/%,$(notdir $(wildcard plugins/*/*.model)))

all: $B/glossd $B/gloss $(plugin_so) $(models)

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

unit: all $(unit_bin) $(fixtures)
	@for t in $(unit_bin); do $$t || exit 1; done

# ---- bench/X.c and tools/X.c are a program each

$B/obj/bench/%.o: bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -I. -c -o $@ $<

$B/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE) -I. -c -o $@ $<

$B/bench/%: $B/obj/bench/%.o $B/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

clean:
	rm -rf build

.PHONY: all unit clean
.SECONDARY:
-include $(shell find $B/obj -name '*.d' 2>/dev/null)
