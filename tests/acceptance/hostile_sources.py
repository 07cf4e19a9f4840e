# ruff: noqa: E501  one line a program reads best
"""Hostile sources for compilers, each with the promise it attacks. `python hostile_sources.py LANGUAGE SECRET PORT` runs them.

A source reports a success by passing, or by saying ESCAPED; what the secret file or the token holds must not be said
either. Prints a JSON list of what each came to.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from podium.execute.jobs import one_step
from podium.execute.languages import judge, language_named
from podium.execute.programs import encode_program
from podium.execute.sandbox import Sandbox

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job

ENDLESS_SECONDS, PATIENT_SECONDS = 4.0, 60.0
MEMORY_BYTES = 1 << 30
SECRET, TOKEN = "kept from programs", "do-not-tell"
SYNTAX, FAILED = ("syntax_error",), ("failed",)
ENDLESS = ("timed_out", "out_of_memory")
BROKEN = (*ENDLESS, "syntax_error")
MILLION = 1_000_000


class Source(NamedTuple):
    """A program; `wanted` are the outcomes that show it was contained and not charged with a limit of ours."""

    promise: str
    program: str
    wanted: tuple[str, ...]


def cpp(secret: str, port: int) -> list[Source]:
    """For g++."""
    main = "int main() { return 0; }\n"
    run = "#include <bits/stdc++.h>\n#include <unistd.h>\n#include <sys/socket.h>\n#include <netinet/in.h>\n"
    write = " ".join(
        f'std::ofstream("{path}") << "x"; if (std::ifstream("{path}").good()) return 0;'
        for path in ("/usr/include/assert.h2", "/usr/lib/gcc/x", "/commands/cpp/x", "/usr/bin/x", "/etc/ld.so.preload")
    )
    return [
        Source("no secret file", f'#include "{secret}"\n{main}', SYNTAX),
        Source("no password hashes", f'#include "/etc/shadow"\n{main}', SYNTAX),
        Source("no password hashes from below", f'#include "../../../../../../etc/shadow"\n{main}', SYNTAX),
        Source("not even that a secret file is there", f'#if !__has_include("{secret}")\n#error absent\n#endif\n{main}', SYNTAX),
        Source("no secret file in the binary", f'asm(".incbin \\"{secret}\\"");\n{main}', SYNTAX),
        Source("no secret file for the assembler", f'asm(".include \\"{secret}\\"");\n{main}', SYNTAX),
        Source("no secret file as a dependency", f'#pragma GCC dependency "{secret}"\n{main}', SYNTAX),
        Source("no environment of the warden", f'#include "/proc/1/environ"\n{main}', SYNTAX),
        Source("no token in the compiler's environment", '#include "/proc/self/environ"\nint main() { return 1; }', (*SYNTAX, *FAILED)),
        Source("a header without end", f'#include "/dev/zero"\n{main}', ("out_of_memory", "timed_out")),
        Source("a header that includes itself", f"#include __FILE__\n{main}", SYNTAX),
        Source(
            "a header that includes itself twice",
            f"#if __INCLUDE_LEVEL__ < 180\n#include __FILE__\n#include __FILE__\n#endif\n{main}", ENDLESS,
        ),
        Source("a template in itself", f"template <int n> struct T {{ static const int v = T<n + 1>::v; }};\nint x = T<0>::v;\n{main}", SYNTAX),
        Source(
            "a template without end",
            "template <int n, long m> struct T { static const long v = T<n - 1, 2 * m>::v + T<n - 1, 2 * m + 1>::v; };\n"
            "template <long m> struct T<0, m> { static const long v = 1; };\n"
            "int main() { return T<40, 0>::v == 0; }", ENDLESS,
        ),
        Source("a constant without end", f"constexpr int f() {{ int i = 0; for (;;) i ^= 1; return i; }}\nconstexpr int x = f();\n{main}", SYNTAX),
        Source("a macro without end", "\n".join([
            "#define A0 0", *(f"#define A{n + 1} A{n}, A{n}, A{n}, A{n}, A{n}, A{n}, A{n}, A{n}" for n in range(12)), f"int x[] = {{A12}};\n{main}",
        ]), ENDLESS),
        Source("an object of 1 GB", f'asm(".data\\n.fill 1073741824, 1, 1\\n.text");\n{main}', ("file_limit",)),
        Source("a binary that the box cannot hold", f'asm(".data\\n.fill 400000000, 1, 1\\n.text");\n{main}', ("file_limit", "out_of_memory")),
        Source("a flood of warnings", "int main() { return 0; }\n" + f"#warning {'x' * 1000}\n" * 2000, ("output_limit",)),
        Source("10 MB of brackets", f"int main() {{ return {'(' * 5 * MILLION}0{')' * 5 * MILLION}; }}", BROKEN),
        Source("10 MB of declarations", "".join(f"int a{number};\n" for number in range(700_000)) + "int main() { return 1; }", (*ENDLESS, "failed")),
        Source("10 MB in one line", f"// {'x' * 10 * MILLION}\nint main() {{ return 1; }}", FAILED),
        Source("nothing but NUL bytes", "\0" * 1000, SYNTAX),
        Source("a lone surrogate", f"int \ud800;\n{main}", SYNTAX),
        Source("no writing in the compiler's folders", f"{run}int main() {{ {write} return 1; }}", FAILED),
        Source(
            "a linker script of the program's own",
            f'{run}int main() {{ std::ofstream("x.c") << "int y;"; std::ofstream("s.ld") << "INPUT({secret})";\n'
            ' return system("gcc -c x.c && ld -T s.ld x.o -o x.out") == 0 ? 0 : 1; }', FAILED,
        ),
        Source("headers left for the next", f'{run}int main() {{ for (auto n : {{"assert.h", "../tmp/assert.h", "../tmp/stdc++.h"}}) std::ofstream(n) << "#error left"; return 1; }}', FAILED),
        Source("no password hashes at run time", f'{run}int main() {{ return std::ifstream("/etc/shadow").good() ? 0 : 1; }}', FAILED),
        Source("no rights", f"{run}int main() {{ return setuid(0) == 0 && geteuid() == 0 && !access(\"/root\", R_OK) ? 0 : 1; }}", FAILED),
        Source(
            "no loopback of the machine",
            f"{run}int main() {{ sockaddr_in a{{}}; a.sin_family = AF_INET; a.sin_port = htons({port}); a.sin_addr.s_addr = htonl(0x7f000001);\n"
            " int s = socket(AF_INET, SOCK_STREAM, 0); return s >= 0 && connect(s, (sockaddr *)&a, sizeof a) == 0 ? 0 : 1; }", FAILED,
        ),
        Source("1 GB of output", f"{run}int main() {{ std::string x(1 << 20, 'x'); for (int i = 0; i < 1024; i++) puts(x.c_str()); return 1; }}", ("output_limit",)),
    ]  # fmt: skip


def rs(secret: str, port: int) -> list[Source]:
    """For rustc."""
    write = " ".join(
        f'if std::fs::write("{path}", "x").is_ok() {{ return }}'
        for path in ("/usr/lib/rustlib/x", "/usr/lib/x86_64-linux-gnu/x", "/commands/rs/x", "/usr/bin/x")
    )
    return [
        Source("no secret file", f'fn main() {{ println!("{{}}", include_str!("{secret}")); }}', SYNTAX),
        Source("no secret file as bytes", f'fn main() {{ println!("{{:?}}", include_bytes!("{secret}")); }}', SYNTAX),
        Source("no secret file as code", f'include!("{secret}"); fn main() {{}}', SYNTAX),
        Source("no secret file as a module", f'#[path = "{secret}"] mod x; fn main() {{}}', SYNTAX),
        Source("no password hashes", 'fn main() { println!("{}", include_str!("/etc/shadow")); }', SYNTAX),
        Source("no secret file in the binary", f'use std::arch::global_asm; global_asm!(".incbin \\"{secret}\\""); fn main() {{}}', SYNTAX),
        Source("no secret file for the linker", f'#[link(name = "{secret}")] extern {{}} fn main() {{}}', SYNTAX),
        Source("no environment of the warden", 'fn main() { println!("{}", include_str!("/proc/1/environ")); }', SYNTAX),
        Source("no token in the compiler's environment", 'fn main() { if option_env!("SECRET_TOKEN").is_none() { std::process::exit(1) } }', FAILED),
        Source("a file without end", 'static X: &[u8] = include_bytes!("/dev/zero"); fn main() { println!("{}", X.len()); }', ENDLESS),
        Source("a macro in itself", "macro_rules! m { () => { m!() } } fn main() { m!() }", SYNTAX),
        Source("a macro without end", "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*) } } fn main() { m!(a) }", ENDLESS),
        Source("a constant without end", "const X: u64 = { let mut i = 0u64; loop { i = i.wrapping_add(1); if i == 0 { break } } i }; fn main() { println!(\"{}\", X) }", BROKEN),
        Source("a type in itself", "struct W<T>(T); trait D { fn d(n: u64); } impl<T> D for W<T> { fn d(n: u64) { W::<W<T>>::d(n) } } fn main() { W::<u8>::d(1) }", BROKEN),
        Source("a macro that runs a command", '#![crate_type = "proc-macro"] extern crate proc_macro; #[proc_macro] pub fn m(_: proc_macro::TokenStream) -> proc_macro::TokenStream { std::process::Command::new("sh").status().unwrap(); panic!("ESCAPED") }', ("crashed", "failed", "syntax_error")),
        Source("a plugin of the compiler", "#![feature(plugin)] #![plugin(x)] fn main() {}", SYNTAX),
        Source("10 MB of brackets", f"fn main() {{ let _ = {'(' * 5 * MILLION}0{')' * 5 * MILLION}; }}", (*BROKEN, "crashed")),
        Source("10 MB in one line", f"// {'x' * 10 * MILLION}\nfn main() {{ std::process::exit(1) }}", FAILED),
        Source("nothing but NUL bytes", "\0" * 1000, SYNTAX),
        Source("a lone surrogate", "// \ud800\nfn main() {}", SYNTAX),
        Source("no writing in the compiler's folders", f"fn main() {{ {write} std::process::exit(1) }}", FAILED),
        Source("a build script left for the next", 'fn main() { for n in &["build.rs", "../tmp/build.rs", "Cargo.toml", "../tmp/libstd.rlib", "libstd.rlib"] { std::fs::write(n, "left").unwrap(); } std::process::exit(1) }', FAILED),
        Source("no password hashes at run time", 'fn main() { if std::fs::read("/etc/shadow").is_err() { std::process::exit(1) } }', FAILED),
        Source("no loopback of the machine", f'fn main() {{ if std::net::TcpStream::connect("127.0.0.1:{port}").is_err() {{ std::process::exit(1) }} }}', FAILED),
        Source("output without end", 'fn main() { let x = "x".repeat(1 << 20); loop { println!("{}", x) } }', ("timed_out",)),
    ]  # fmt: skip


def d(secret: str, port: int) -> list[Source]:
    """For LDC."""
    main = "void main() {}"
    write = " ".join(
        f'try {{ std.file.write("{path}", "x"); return; }} catch (Exception) {{}}'
        for path in ("/usr/include/d/x", "/usr/lib/ldc/x", "/etc/ldc2.conf", "/commands/d/x", "/usr/bin/x")
    )
    return [
        Source("no secret file", f'pragma(msg, import("{secret}")); {main}', SYNTAX),
        Source("no secret file as code", f'mixin(import("{secret}")); {main}', SYNTAX),
        Source("no password hashes", f'enum x = import("/etc/shadow"); {main}', SYNTAX),
        Source("no file read by the compiler", f'import std.file; enum x = readText("/etc/passwd"); {main}', SYNTAX),
        Source("no command run by the compiler", f'import core.stdc.stdlib; enum x = system("id"); {main}', SYNTAX),
        Source("no process started by the compiler", f'import std.process; enum x = execute(["id"]); {main}', SYNTAX),
        Source("no token in the compiler's environment", f'import std.process; enum x = environment.get("SECRET_TOKEN"); {main}', SYNTAX),
        Source("no secret file for the linker", f'pragma(lib, "{secret}"); {main}', SYNTAX),
        Source("no secret file in the binary", f'import ldc.llvmasm; void main() {{ __asm(".data\\n.incbin \\"{secret}\\"\\n.text", ""); }}', (*SYNTAX, "failed", "crashed")),
        Source("a template in itself", f"template T(int n) {{ enum T = T!(n + 1); }} enum x = T!0; {main}", SYNTAX),
        Source("a template without end", f"template T(int n, long m) {{ static if (n == 0) enum T = 1L; else enum T = T!(n - 1, 2 * m) + T!(n - 1, 2 * m + 1); }} enum x = T!(40, 0L); {main}", ENDLESS),
        Source("a constant without end", f"int f() {{ int i; while (true) i ^= 1; return i; }} enum x = f(); {main}", ENDLESS),
        Source("a constant that fills the memory", f'string f() {{ string r = "x"; while (true) r ~= r; return r; }} enum x = f(); {main}', ("out_of_memory",)),
        Source("code that makes code", f'string f(string s) {{ return "mixin(f(q{{" ~ s ~ s ~ "}}));"; }} mixin(f("int x;")); {main}', BROKEN),
        Source("a flood of messages", f'import std.array; enum x = "x".replicate(1000); static foreach (i; 0 .. 2000) pragma(msg, x); {main}', ("output_limit",)),
        Source("10 MB of brackets", f"void main() {{ auto x = {'(' * 5 * MILLION}0{')' * 5 * MILLION}; }}", (*BROKEN, "crashed")),
        Source("10 MB in one line", f"// {'x' * 10 * MILLION}\nvoid main() {{ assert(false); }}", FAILED),
        Source("nothing but NUL bytes", "\0" * 1000, SYNTAX),
        Source("a lone surrogate", f"// \ud800\n{main}", SYNTAX),
        Source("no writing in the compiler's folders", f"import std.file; void main() {{ {write} assert(false); }}", FAILED),
        Source("settings left for the next", 'import std.file; void main() { foreach (n; ["ldc2.conf", "../tmp/ldc2.conf", "../tmp/.ldc/ldc2.conf", "object.d", "../tmp/object.d"]) { mkdirRecurse("../tmp/.ldc"); std.file.write(n, "left"); } assert(false); }', FAILED),
        Source("no password hashes at run time", 'import std.file; void main() { assert(exists("/etc/shadow")); }', FAILED),
        Source("no loopback of the machine", f'import std.socket; void main() {{ new TcpSocket(new InternetAddress("127.0.0.1", {port})); }}', FAILED),
        Source("1 GB of output", "import std.stdio, std.range, std.array; void main() { auto x = 'x'.repeat(1 << 20).array; foreach (i; 0 .. 1024) write(x); assert(false); }", ("output_limit",)),
    ]  # fmt: skip


def java(secret: str, port: int) -> list[Source]:
    """For javac."""

    def problem(body: str) -> str:
        return f"class Problem {{ public static void main(String[] a) throws Exception {{ {body} }} }}"

    processor = (
        "import java.util.*; import javax.annotation.processing.*; import javax.lang.model.element.*;\n"
        '@SupportedAnnotationTypes("*") class Watcher extends AbstractProcessor {\n'
        ' static { System.out.println("ESCAPED"); }\n'
        " public boolean process(Set<? extends TypeElement> s, RoundEnvironment r) { return false; } }\n"
    )
    exits = "System.exit(1);"
    write = " ".join(
        f'try {{ java.nio.file.Files.writeString(java.nio.file.Path.of("{path}"), "x"); return; }} catch (java.io.IOException e) {{}}'
        for path in ("/usr/lib/jvm/x", "/usr/share/java/x", "/commands/java/x", "/usr/bin/x")
    )
    left = "META-INF/services/javax.annotation.processing.Processor"
    return [
        Source("no annotation processor of the program's own", f"{processor}@Deprecated {problem(exits)}", FAILED),
        Source("an annotation processor left for the next", problem(
            f'for (String f : new String[] {{"", "../tmp/"}}) {{ var p = java.nio.file.Path.of(f + "{left}"); java.nio.file.Files.createDirectories(p.getParent());'
            f' java.nio.file.Files.writeString(p, "Watcher"); java.nio.file.Files.writeString(java.nio.file.Path.of(f + "Watcher.class"), "left"); }} {exits}'
        ), FAILED),
        Source("a constant that doubles", "class X { static final String A0 = \"xxxxxxxxxxxxxxxx\"; " + "".join(f"static final String A{n + 1} = A{n} + A{n}; " for n in range(40)) + "}\n" + problem(exits), BROKEN),
        Source("brackets", problem(f"int x = {'(' * MILLION}0{')' * MILLION};"), BROKEN),
        Source("10 MB in one line", f"// {'x' * 10 * MILLION}\n{problem(exits)}", FAILED),
        Source("nothing but NUL bytes", "\0" * 1000, SYNTAX),
        Source("no writing in the compiler's folders", problem(f"{write} {exits}"), FAILED),
        Source("no secret file at run time", problem(f'if (!new java.io.File("{secret}").exists()) {exits}'), FAILED),
        Source("no password hashes at run time", problem(f'if (!new java.io.File("/etc/shadow").exists()) {exits}'), FAILED),
        Source("no token at run time", problem(f'if (System.getenv("SECRET_TOKEN") == null) {exits}'), FAILED),
        Source("no loopback of the machine", problem(f'new java.net.Socket("127.0.0.1", {port});'), FAILED),
        Source("1 GB of output", problem('for (int i = 0; i < 1024; i++) System.out.println("x".repeat(1 << 20)); System.exit(1);'), ("output_limit",)),
    ]  # fmt: skip


SOURCES = {"cpp": cpp, "d": d, "java": java, "rs": rs}


class Tried(NamedTuple):
    """What a program came to, and what it said."""

    outcome: str
    message: str
    said: str


def attempt(sandbox: Sandbox, name: str, program: str, seconds: float) -> Tried:
    """Judge a program with less memory than it would have, and other time."""
    language, said = language_named(name), []

    def run(job: Job) -> Completed:
        limits = {"wall_seconds": seconds, "cpu_seconds": seconds + 5, "memory_bytes": MEMORY_BYTES}
        steps = [
            msgspec.structs.replace(step, limits=msgspec.structs.replace(step.limits, **limits)) for step in job.steps
        ]
        completed = sandbox.run(msgspec.structs.replace(job, steps=steps, provisions=name))
        said.append((completed.stdout + completed.stderr).decode(errors="replace"))
        return completed

    _, outcome, message = judge(language, encode_program(program), "parity", run)
    return Tried(outcome, message, "".join(said))


def run_all(name: str, secret: str, port: int) -> list[dict[str, object]]:
    """Every source and, after each, a look that finds nothing left and a right program that must pass."""
    right = language_named(name).probes("")[0].program
    clean = b"import os\nassert os.listdir('.') == [], os.listdir('.')\nassert not os.listdir(os.environ['TMPDIR'])"
    limits = language_named("py").prepare(b"", "parity").limits["run"]
    found: list[dict[str, object]] = []
    with Sandbox() as sandbox:
        for source in SOURCES[name](secret, port):
            seconds = ENDLESS_SECONDS if "timed_out" in source.wanted else PATIENT_SECONDS
            tried = attempt(sandbox, name, source.program, seconds)
            told = [word for word in ("ESCAPED", SECRET, TOKEN) if word in tried.said]
            left = sandbox.run(one_step(["program.py"], files={"program.py": clean}, limits=limits, driver="python"))
            after = attempt(sandbox, name, right, PATIENT_SECONDS).outcome
            result = {"outcome": tried.outcome, "wanted": source.wanted, "message": tried.message, "told": told}
            found.append(
                {"promise": source.promise, **result, "said": tried.said[-300:], "left": left.result, "after": after}
            )
    return found


if __name__ == "__main__":
    os.environ["SECRET_TOKEN"] = TOKEN
    print(json.dumps(run_all(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
