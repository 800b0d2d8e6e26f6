"""行政服务中心: nobody may look into its database, but it hands out the description of its service, OpenAPI 3."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = """\
openapi: 3.0.3
info: {title: 一网通办办件服务, version: "2.4.0", description: 向区内各部门提供办件、事项和评价数据，内容均为虚构。}
servers: [{url: https://service.example.cn/api}]
tags:
  - {name: cases, description: 办件}
  - {name: items, description: 政务服务事项}
paths:
  /cases:
    get:
      tags: [cases]
      operationId: listCases
      summary: 办件列表查询
      parameters:
        - {name: itemCode, in: query, description: 事项编码, schema: {type: string, maxLength: 31}}
        - {name: status, in: query, description: 办件状态代码, schema: {type: string, maxLength: 2}}
        - {name: page, in: query, description: 页码, schema: {type: integer}}
      responses:
        "200":
          description: 成功
          content:
            application/json:
              schema:
                allOf:
                  - $ref: "#/components/schemas/Envelope"
                  - type: object
                    properties:
                      data:
                        type: object
                        properties:
                          total: {type: integer, description: 总条数}
                          items:
                            type: array
                            description: 办件
                            items: {$ref: "#/components/schemas/Case"}
    post:
      tags: [cases]
      operationId: createCase
      summary: 办件申请提交
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [itemCode, applicant]
              properties:
                itemCode: {type: string, maxLength: 31, description: 事项编码}
                applicant: {$ref: "#/components/schemas/Applicant"}
                agent:
                  type: object
                  description: 代办人
                  properties:
                    name: {type: string, maxLength: 50, description: 代办人姓名}
                    idCard: {type: string, maxLength: 18, description: 代办人身份证号}
                materials:
                  type: array
                  description: 申请材料
                  items: {$ref: "#/components/schemas/Material"}
      responses:
        "200":
          description: 成功
          content:
            application/json:
              schema:
                allOf:
                  - $ref: "#/components/schemas/Envelope"
                  - type: object
                    properties:
                      data:
                        type: object
                        properties:
                          caseNo: {type: string, maxLength: 24, description: 办件编号}
                          promiseDate: {type: string, format: date, description: 承诺办结日期}
  /cases/{caseNo}/progress:
    get:
      tags: [cases]
      operationId: caseProgress
      summary: 办件进度查询
      parameters:
        - {name: caseNo, in: path, required: true, description: 办件编号, schema: {type: string, maxLength: 24}}
      responses:
        "200":
          description: 成功
          content:
            application/json:
              schema:
                type: array
                items:
                  type: object
                  properties:
                    nodeName: {type: string, maxLength: 50, description: 环节名称}
                    handlerName: {type: string, maxLength: 50, description: 经办人姓名}
                    handleTime: {type: string, format: date-time, description: 办理时间}
                    opinion: {type: string, maxLength: 500, description: 办理意见}
  /items:
    get:
      tags: [items]
      operationId: listItems
      summary: 政务服务事项目录
      responses:
        "200":
          description: 成功
          content:
            application/json:
              schema:
                type: array
                items:
                  type: object
                  properties:
                    itemCode: {type: string, maxLength: 31, description: 事项编码}
                    itemName: {type: string, maxLength: 200, description: 事项名称}
                    deptName: {type: string, maxLength: 100, description: 实施部门名称}
                    promiseDays: {type: integer, description: 承诺办结时限（工作日）}
                    feeStandard: {type: string, maxLength: 200, description: 收费标准}
                    windowAddress: {type: string, maxLength: 200, description: 办理窗口地址}
                    hallPhone: {type: string, maxLength: 20, description: 大厅咨询电话}
  /items/{itemCode}/statistics:
    get:
      tags: [items]
      operationId: itemStatistics
      summary: 事项办件量月度统计
      parameters:
        - {name: itemCode, in: path, required: true, description: 事项编码, schema: {type: string, maxLength: 31}}
      responses:
        "200":
          description: 成功
          content:
            application/json:
              schema:
                type: object
                properties:
                  month: {type: string, maxLength: 6, description: 统计月份}
                  caseCount: {type: integer, description: 办件量}
                  onlineRate: {type: number, description: 网办率}
                  satisfaction: {type: number, description: 好评率}
components:
  schemas:
    Envelope:
      type: object
      properties:
        code: {type: integer, description: 返回码}
        msg: {type: string, description: 返回信息}
    Applicant:
      type: object
      description: 申请人
      properties:
        name: {type: string, maxLength: 50, description: 申请人姓名}
        idCard: {type: string, maxLength: 18, description: 申请人身份证号}
        mobile: {type: string, maxLength: 11, description: 手机号码}
        address: {type: string, maxLength: 200, description: 联系地址}
        orgCode: {type: string, maxLength: 18, description: 统一社会信用代码（法人办件）}
    Material:
      type: object
      properties:
        materialName: {type: string, maxLength: 100, description: 材料名称}
        licenceNo: {type: string, maxLength: 60, description: 电子证照编号}
    Case:
      type: object
      properties:
        caseNo: {type: string, maxLength: 24, description: 办件编号}
        itemName: {type: string, maxLength: 200, description: 事项名称}
        applicant: {$ref: "#/components/schemas/Applicant"}
        status: {type: string, maxLength: 2, description: 办件状态代码}
        applyTime: {type: string, format: date-time, description: 申请时间}
        finishTime: {type: string, format: date-time, description: 办结时间}
        result: {type: string, maxLength: 20, description: 办理结果}
"""


def write(folder: Path) -> None:
    (folder / "one_stop_service.yaml").write_text(DOCUMENT, encoding="utf-8")
