"""A walk through the statements of a program: which names come from an original, and what is done with them."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from holter.compat.migrate.arguments import arguments
from holter.compat.migrate.findings import Status
from holter.compat.migrate.knowledge import Value, called, item, member, named, original, star
from holter.compat.migrate.unsupported import stays

Told = Callable[[int, str, str, Status, str], None]
"""Takes line, what, name, status and remedy."""
_DYNAMIC: Final = ("import_module", "__import__")
_BY_TEXT: Final = "it is found once holter.compat.install() was called; in a service of Model.deploy it is."


class Walker(ast.NodeVisitor):
    """Follows names through the statements of one program, without running any.

    Names are followed through assignments, attributes of ``self``, annotations and what the adapters say they return.
    What a function is given without an annotation is not known, and nothing is said about it.

    Parameters
    ----------
    tell
        Is told of each finding.
    """

    def __init__(self, tell: Told) -> None:
        self._tell = tell
        self._scopes: list[dict[str, Value | None]] = [{}]
        self._globals: list[set[str]] = [set()]

    def visit_Import(self, node: ast.Import) -> None:
        """Say what becomes of ``import azureml.core as aml``."""
        for alias in node.names:
            name = original(alias.name)
            if name is None:
                self._bind(alias.asname or alias.name.partition(".")[0], None)
                continue
            self._imported(alias.lineno, named(name), alias.name, name)
            head = alias.name.partition(".")[0]
            bound = name if alias.asname else original(head)
            # "import holter.compat.azureml.core" binds holter: its attributes are followed by their dotted text
            self._bind(alias.asname or head, Value(head, None) if bound is None else named(bound))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Say what becomes of ``from azureml.core import Workspace``."""
        module = None if node.level else original(node.module or "")
        for alias in node.names:
            if module is None:
                whole = None if node.level else original(f"{node.module}.{alias.name}")
                self._bind(alias.asname or alias.name, None if whole is None else named(whole))
            elif alias.name == "*":
                self._imported(node.lineno, named(module), f"{node.module}.*", module)
                for name, value in star(module).items():
                    self._bind(name, value)
            else:
                value = named(f"{module}.{alias.name}")
                self._imported(alias.lineno, value, f"{node.module}.{alias.name}", module)
                self._bind(alias.asname or alias.name, value)

    def _imported(self, line: int, value: Value, written: str, module: str) -> None:
        status, remedy = value.status, value.remedy
        if value.thing is not None and stays(value.name) is None:
            moved = original(written) == written
            status = Status.MAPPED if moved else Status.WORKS
            remedy = f"import it from holter.compat.{module}" if moved else ""
        self._tell(line, "import", original(written) or written, status, remedy)

    def visit_Call(self, node: ast.Call) -> None:
        """Say what becomes of a call and of its arguments."""
        self.visit(node.func.value if isinstance(node.func, ast.Attribute) else node.func)
        for each in (*node.args, *node.keywords):
            self.visit(each)
        self._by_text(node)
        value = self._value(node.func)
        if value is None or value.name.partition(".")[0] == "holter":
            return
        if not (value.thing is None or callable(value.thing) or value.remedy):
            return
        self._tell(node.lineno, "call", value.name, value.status, value.remedy)
        if value.status is not Status.UNSUPPORTED:
            for name, status, remedy in arguments(value, node):
                self._tell(node.lineno, "keyword", f"{value.name}({name})", status, remedy)

    def _by_text(self, node: ast.Call) -> None:
        called_name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if called_name in _DYNAMIC and isinstance(text, str) and original(text) == text:
            value = named(text)
            there = value.thing is not None
            self._tell(
                node.lineno, "import", text, *((Status.MAPPED, _BY_TEXT) if there else (value.status, value.remedy))
            )

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Say that an attribute is missing; one that is there needs no word."""
        self.visit(node.value)
        value = self._value(node)
        if value is None or value.status is Status.WORKS or self._unknown(node.value):
            return
        if isinstance(node.ctx, ast.Store):
            self._tell(node.lineno, "attribute", value.name, Status.IGNORED, "it is set, and nobody reads it.")
        elif value.status is Status.UNSUPPORTED:
            self._tell(node.lineno, "attribute", value.name, value.status, value.remedy)

    def _unknown(self, node: ast.expr) -> bool:
        """Tell whether the owner of an attribute is itself missing: then that was said already."""
        owner = self._value(node)
        return owner is not None and owner.thing is None

    def visit_Assign(self, node: ast.Assign) -> None:
        """Follow ``ws = Workspace.from_config()``."""
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Follow ``ws: Workspace = ...``."""
        if node.value is not None:
            self.visit(node.value)
        found = None if node.value is None else self._value(node.value)
        self._store(node.target, found or self._annotated(node.annotation))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Follow ``(ws := Workspace.from_config())``."""
        self.visit(node.value)
        self._store(node.target, self._value(node.value))

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        """Follow ``for model in Model.list(ws)``."""
        self.visit(node.iter)
        many = self._value(node.iter)
        self._store(node.target, None if many is None else item(many))
        rest = node.ifs if isinstance(node, ast.comprehension) else [*node.body, *node.orelse]
        for each in rest:
            self.visit(each)

    visit_AsyncFor = visit_comprehension = visit_For  # noqa: N815  (the names of ast.NodeVisitor)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        """Look at what is looped over before what is made of it."""
        with self._inside():
            for each in (*node.generators, node.elt):
                self.visit(each)

    visit_SetComp = visit_GeneratorExp = visit_ListComp  # noqa: N815  (the names of ast.NodeVisitor)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """Look at what is looped over before what is made of it."""
        with self._inside():
            for each in (*node.generators, node.key, node.value):
                self.visit(each)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        """Follow ``with X() as y``."""
        for each in node.items:
            self.visit(each.context_expr)
            if each.optional_vars is not None:
                self._store(each.optional_vars, self._value(each.context_expr))
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With  # noqa: N815  (the names of ast.NodeVisitor)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Look at a function where it stands; its parameters are known by their annotations alone."""
        for each in (*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(each)
        self._bind(node.name, None)
        with self._inside():
            for given in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                self._bind(given.arg, self._annotated(given.annotation))
            for rest in (node.args.vararg, node.args.kwarg):
                if rest is not None:
                    self._bind(rest.arg, None)
            for statement in node.body:
                self.visit(statement)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  (the names of ast.NodeVisitor)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Look at a function without a name."""
        with self._inside():
            for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                self._bind(each.arg, None)
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Look at a class; it hides an original of the same name."""
        self._bind(node.name, None)
        with self._inside():
            self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Remember that a function sets names of its module."""
        self._globals[-1] |= set(node.names)

    visit_Nonlocal = visit_Global  # noqa: N815  (the names of ast.NodeVisitor)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self._scopes.append({})
        self._globals.append(set())
        yield
        self._scopes.pop()
        self._globals.pop()

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for place, each in enumerate(target.elts):
                if len(values) == len(target.elts):
                    self._assign(each, values[place])
                else:
                    self._store(each, None)
        elif not (isinstance(value, ast.Constant) and value.value is None):  # "client = None", until init() makes one
            self._store(target, self._value(value))

    def _store(self, target: ast.expr, value: Value | None) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, value)
        elif isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and target.value.id == "self":
                self._scopes[0][f"self.{target.attr}"] = value
            self.visit(target)
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self._store(each, None)

    def _bind(self, name: str, value: Value | None) -> None:
        scope = self._scopes[0] if name in self._globals[-1] else self._scopes[-1]
        scope[name] = value

    def _look(self, name: str) -> Value | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _annotated(self, node: ast.expr | None) -> Value | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(node, ast.BinOp):  # Workspace | None
            return self._annotated(node.left) or self._annotated(node.right)
        value = None if node is None else self._value(node)
        return called(value) if value is not None and (value.thing is None or isinstance(value.thing, type)) else None

    def _value(self, node: ast.expr) -> Value | None:
        """Return what an expression stands for; None where it is nothing of an original."""
        if isinstance(node, ast.Name):
            return self._look(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            function = self._value(node.func)
            return None if function is None else called(function)
        if isinstance(node, ast.Subscript):
            many = self._value(node.value)
            return None if many is None else item(many)
        if isinstance(node, ast.NamedExpr | ast.Await):
            return self._value(node.value)
        return None

    def _attribute(self, node: ast.Attribute) -> Value | None:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._scopes[0].get(f"self.{node.attr}")
        owner = self._value(node.value)
        if owner is None:
            return None
        if owner.name.partition(".")[0] == "holter":
            dotted = f"{owner.name}.{node.attr}"
            return named(original(dotted) or "") if original(dotted) else Value(dotted, None)
        return member(owner, node.attr)
